//! Accounts that are deleted: what goes at once, what stays without a name, and what others are told.

use std::collections::HashMap;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use teahouse::{
    domain::{
        ConversationId, ConversationKind, ConversationList, Event, EventKind, Message, MessagesPage, ReportList, Seq,
        User,
    },
    protocol::{ErrorCode, Problem, ServerFrame},
    state::{PageRange, Timeline},
};

use super::support::{Closed, PASSWORD, TestClient, TestServer, register_user, register_with_role, sign_in};

/// Asks for the end of an account.
async fn delete(server: &TestServer, token: &str, body: Value) -> (StatusCode, Option<ErrorCode>) {
    let request = server.http(Method::DELETE, "/api/me").bearer_auth(token).json(&body);
    let answer = request.send().await.expect("an answer");
    let status = answer.status();
    (status, answer.json::<Problem>().await.ok().map(|problem| problem.code))
}

async fn get(server: &TestServer, client: &TestClient, path: &str) -> String {
    let request = server.http(Method::GET, path).bearer_auth(client.token());
    request.send().await.expect("an answer").text().await.expect("a text")
}

async fn page(server: &TestServer, client: &TestClient, conversation: ConversationId) -> MessagesPage {
    let path = format!("/api/conversations/{conversation}/messages?limit=200");
    serde_json::from_str(&get(server, client, &path).await).expect("a page")
}

/// What somebody sees who has what is there now.
async fn view(server: &TestServer, client: &TestClient, conversation: ConversationId) -> Timeline {
    let mut view = Timeline::default();
    view.apply_page(PageRange::Newest, page(server, client, conversation).await);
    view
}

/// Hears events until the account of `user` is deleted in this conversation, and folds them in.
async fn hears_of_deletion(client: &mut TestClient, conversation: ConversationId, user: &User, view: &mut Timeline) {
    loop {
        let event = client
            .expect("an event there", |frame| match frame {
                ServerFrame::Event(event) if event.conversation == conversation => Some(event.clone()),
                _ => None,
            })
            .await;
        view.apply(&event);
        if event.kind == EventKind::AccountDeleted && event.author.id == user.id {
            return;
        }
    }
}

fn messages(view: &Timeline) -> Vec<Message> {
    view.messages().cloned().collect()
}

#[tokio::test]
async fn deleting_an_account_ends_all_sessions_and_frees_the_nickname() {
    let server = TestServer::start().await;
    register_user(&server, "老板").await;
    let (ming, token) = register_user(&server, "小明").await;
    let other = sign_in(&server, "小明", PASSWORD).await.expect("a session");
    let elsewhere = TestClient::with_token(server.address, &other.token).await;

    for wrong in [json!({ "messages": "keep" }), json!({ "messages": "keep", "password": "wrong horse" })] {
        assert_eq!(delete(&server, &token, wrong).await, (StatusCode::FORBIDDEN, Some(ErrorCode::WrongPassword)));
    }
    let lacking = json!({ "password": PASSWORD });
    assert_eq!(delete(&server, &token, lacking).await.0, StatusCode::BAD_REQUEST, "what becomes of the messages?");
    let right = json!({ "messages": "keep", "password": PASSWORD });
    assert_eq!(delete(&server, &token, right.clone()).await.0, StatusCode::NO_CONTENT);

    let id = ming.user().id;
    assert_eq!(ming.closed().await, Closed::Code(4401));
    assert_eq!(elsewhere.closed().await, Closed::Code(4401));
    assert_eq!(delete(&server, &token, right).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(server.sessions_of(id), 0);
    assert_eq!(server.count("users WHERE nickname = '小明' OR nickname_key = '小明'"), 0);
    assert_eq!(sign_in(&server, "小明", PASSWORD).await.expect_err("nobody").code, ErrorCode::WrongPassword);
    let new = TestClient::guest(&server, "小明").await;
    assert_ne!(new.user().id, id);
}

#[tokio::test]
async fn messages_of_a_deleted_account_stay_without_a_name_everywhere() {
    let server = TestServer::start().await;
    let (mut owner, _) = register_user(&server, "老板").await;
    let (mut ming, token) = register_user(&server, "小明").await;
    let mut ling = TestClient::guest(&server, "阿玲").await;
    let lobby = ming.lobby().id;
    ming.send_message("I was here").await;
    let said = ling.send_message("so was I").await.seq.expect("a place");
    ming.change("react", lobby, said, json!({ "emoji": "🍵", "on": true })).await;
    owner.moderate("unmute", &ming.user(), json!({})).await;
    let direct = ming.open_direct("阿玲").await.id;
    ming.send_message_to(direct, "between us").await;
    ling.expect_event("between us").await;
    let (mut in_lobby, mut in_direct) = (view(&server, &ling, lobby).await, view(&server, &ling, direct).await);
    let (before_lobby, before_direct) = (in_lobby.clone(), in_direct.clone());
    let former = ming.user();

    let body = json!({ "messages": "keep", "password": PASSWORD });
    assert_eq!(delete(&server, &token, body).await.0, StatusCode::NO_CONTENT);
    hears_of_deletion(&mut ling, lobby, &former, &mut in_lobby).await;
    hears_of_deletion(&mut ling, direct, &former, &mut in_direct).await;
    for (conversation, seen, before) in [(lobby, in_lobby, before_lobby), (direct, in_direct, before_direct)] {
        let afresh = page(&server, &ling, conversation).await.messages;
        assert_eq!(messages(&seen), afresh);
        // Who was away learns it from what they missed.
        let cursors = HashMap::from([(conversation, before.cursor())]);
        let mut back = TestClient::resume(&server, ling.token(), ling.welcome.epoch, &cursors).await;
        let mut view = before;
        hears_of_deletion(&mut back, conversation, &former, &mut view).await;
        assert_eq!(messages(&view), afresh);
    }
    let shown = get(&server, &ling, "/api/conversations/lobby/messages").await;
    assert!(shown.contains("I was here") && !shown.contains("小明"), "{shown}");
    let audit = get(&server, &owner, "/api/audit").await;
    assert!(!audit.contains("小明"), "{audit}");
    let listed: ConversationList =
        serde_json::from_str(&get(&server, &ling, "/api/conversations").await).expect("a list");
    let with = listed.conversations.iter().find_map(|conversation| match &conversation.kind {
        ConversationKind::Direct { with } if conversation.id == direct => Some(with.clone()),
        _ => None,
    });
    let with = with.expect("the direct stays");
    assert!(with.user.nickname.is_former() && with.gone);
}

#[tokio::test]
async fn messages_are_deleted_with_the_account_on_request() {
    let server = TestServer::start_with(|config| config.unlimited = true).await;
    register_user(&server, "老板").await;
    let (mut ming, token) = register_user(&server, "小明").await;
    let mut ling = TestClient::guest(&server, "阿玲").await;
    let lobby = ming.lobby().id;
    let direct = ming.open_direct("阿玲").await.id;
    // More than are deleted at once.
    for number in 0..130 {
        ming.send_without_waiting(lobby, &format!("secret {number}")).await;
    }
    let last = ming.send_message("secret, the last").await.seq.expect("a place");
    ming.change("edit", lobby, last, json!({ "body": "secret, changed" })).await;
    ming.send_message_to(direct, "secret between us").await;
    ling.send_message("mine stays").await;
    let former = ming.user();
    let mut seen = view(&server, &ling, lobby).await;
    let body = json!({ "messages": "delete", "password": PASSWORD });
    assert_eq!(delete(&server, &token, body).await.0, StatusCode::NO_CONTENT);

    hears_of_deletion(&mut ling, lobby, &former, &mut seen).await;
    for _ in 0..=131 {
        let event = ling
            .expect("a deletion", |frame| match frame {
                ServerFrame::Event(event @ Event { kind: EventKind::Deletion { .. }, .. }) => Some(event.clone()),
                _ => None,
            })
            .await;
        assert_eq!((event.author.id, event.author.nickname.is_former()), (former.id, true));
        if event.conversation == lobby {
            seen.apply(&event);
        }
    }
    assert_eq!(server.payloads_containing("secret"), 0);
    let afresh = page(&server, &ling, lobby).await.messages;
    assert_eq!(messages(&seen), afresh);
    let left: Vec<_> = afresh.iter().filter(|message| !message.deleted).map(|message| message.body.as_str()).collect();
    assert_eq!(left, ["mine stays"]);
    // Nothing is left in the direct, so it is in nobody's list.
    let listed = ling.connect_again(&server).await.welcome.conversations;
    assert!(listed.iter().all(|conversation| conversation.id != direct), "{listed:?}");
    let answer = get(&server, &ling, &format!("/api/conversations/{direct}/messages")).await;
    assert!(!answer.contains("secret"), "{answer}");
}

#[tokio::test]
async fn the_last_owner_must_appoint_another_unless_the_operator_deletes_the_account() {
    let server = TestServer::start().await;
    let (mut owner, token) = register_user(&server, "老板").await;
    let body = json!({ "messages": "keep", "password": PASSWORD });
    let refused = (StatusCode::CONFLICT, Some(ErrorCode::LastOwner));
    assert_eq!(delete(&server, &token, body.clone()).await, refused);
    register_with_role(&server, &mut owner, "管家", "moderator").await;
    assert_eq!(delete(&server, &token, body.clone()).await, refused, "a moderator is no owner");
    register_with_role(&server, &mut owner, "阿玲", "owner").await;
    owner.send_message("still here").await;
    assert_eq!(delete(&server, &token, body).await.0, StatusCode::NO_CONTENT);

    let told = server.admin(&["delete-account", "阿玲"]).await;
    assert_eq!(told, "阿玲: the account is deleted\n");
    assert!(server.admin(&["audit", "--limit", "1"]).await.contains("the operator: delete_account (former user)"));
    assert!(!server.admin(&["list"]).await.contains("owner"));
    assert!(server.admin_error(&["delete-account", "阿玲"]).await.contains("nobody here is called"));
}

#[tokio::test]
async fn a_guest_deletes_the_account_without_a_password() {
    let server = TestServer::start().await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let mut ling = TestClient::guest(&server, "阿玲").await;
    let said = ming.send_message("secret").await.seq.expect("a place");
    assert_eq!(delete(&server, ming.token(), json!({ "messages": "delete" })).await.0, StatusCode::NO_CONTENT);
    assert_eq!(ming.closed().await, Closed::Code(4401));
    ling.expect("the deletion", |frame| match frame {
        ServerFrame::Event(Event { kind: EventKind::Deletion { seq }, .. }) if *seq == said => Some(()),
        _ => None,
    })
    .await;
    assert_eq!(server.payloads_containing("secret"), 0);
}

#[tokio::test]
async fn a_report_survives_the_deletion_of_the_reported_account() {
    let server = TestServer::start_with(|config| config.unlimited = true).await;
    let (owner, _) = register_user(&server, "老板").await;
    let (mut ming, token) = register_user(&server, "小明").await;
    let mut ling = TestClient::guest(&server, "阿玲").await;
    let said = ming.send_message("rude words").await;
    let seq = said.seq.unwrap_or(Seq::ZERO);
    let request = server.http(Method::POST, "/api/reports").bearer_auth(ling.token());
    let request = request.json(&json!({ "conversation": said.conversation, "seq": seq }));
    assert_eq!(request.send().await.expect("an answer").status(), StatusCode::NO_CONTENT);
    let body = json!({ "messages": "delete", "password": PASSWORD });
    assert_eq!(delete(&server, &token, body).await.0, StatusCode::NO_CONTENT);
    ling.expect("the deletion", |frame| match frame {
        ServerFrame::Event(Event { kind: EventKind::Deletion { .. }, .. }) => Some(()),
        _ => None,
    })
    .await;
    let ReportList { reports, .. } =
        serde_json::from_str(&get(&server, &owner, "/api/reports").await).expect("reports");
    let reported = reports[0].reported().expect("the message");
    assert_eq!((reported.body.as_str(), reported.author.nickname.is_former()), ("rude words", true));
    assert!(!get(&server, &owner, "/api/reports").await.contains("小明"));
}
