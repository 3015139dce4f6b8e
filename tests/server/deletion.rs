//! Deleting an account: what is deleted at once, what stays without a name, and what other users receive.

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

/// Sends `DELETE /api/me`. Returns the status, and the error code of a refusal.
async fn delete_account(server: &TestServer, token: &str, body: Value) -> (StatusCode, Option<ErrorCode>) {
    let request = server.http(Method::DELETE, "/api/me").bearer_auth(token).json(&body);
    let response = request.send().await.expect("a response");
    let status = response.status();
    (status, response.json::<Problem>().await.ok().map(|problem| problem.code))
}

async fn get(server: &TestServer, client: &TestClient, path: &str) -> String {
    let request = server.http(Method::GET, path).bearer_auth(client.token());
    request.send().await.expect("a response").text().await.expect("a text")
}

async fn fetch_page(server: &TestServer, client: &TestClient, conversation: ConversationId) -> MessagesPage {
    let path = format!("/api/conversations/{conversation}/messages?limit=200");
    serde_json::from_str(&get(server, client, &path).await).expect("a page")
}

/// The timeline of a client that has just fetched the conversation.
async fn timeline_of(server: &TestServer, client: &TestClient, conversation: ConversationId) -> Timeline {
    let mut timeline = Timeline::default();
    timeline.apply_page(PageRange::Newest, fetch_page(server, client, conversation).await);
    timeline
}

/// Applies the events of this conversation to `timeline` until the one that says that the account of `user` is deleted.
async fn apply_until_account_deleted(
    client: &mut TestClient,
    conversation: ConversationId,
    user: &User,
    timeline: &mut Timeline,
) {
    loop {
        let event = client
            .expect("an event of the conversation", |frame| match frame {
                ServerFrame::Event(event) if event.conversation == conversation => Some(event.clone()),
                _ => None,
            })
            .await;
        timeline.apply(&event);
        if event.kind == EventKind::AccountDeleted && event.author.id == user.id {
            return;
        }
    }
}

fn messages(timeline: &Timeline) -> Vec<Message> {
    timeline.messages().cloned().collect()
}

#[tokio::test]
async fn deleting_an_account_ends_all_sessions_and_frees_the_nickname() {
    let server = TestServer::start().await;
    register_user(&server, "老板").await;
    let (ming, token) = register_user(&server, "小明").await;
    let second_session = sign_in(&server, "小明", PASSWORD).await.expect("a session");
    let second_client = TestClient::with_token(server.address, &second_session.token).await;

    for wrong in [json!({ "messages": "keep" }), json!({ "messages": "keep", "password": "wrong horse" })] {
        assert_eq!(
            delete_account(&server, &token, wrong).await,
            (StatusCode::FORBIDDEN, Some(ErrorCode::WrongPassword))
        );
    }
    let without_messages_field = json!({ "password": PASSWORD });
    assert_eq!(
        delete_account(&server, &token, without_messages_field).await.0,
        StatusCode::BAD_REQUEST,
        "the field `messages` is required"
    );
    let valid = json!({ "messages": "keep", "password": PASSWORD });
    assert_eq!(delete_account(&server, &token, valid.clone()).await.0, StatusCode::NO_CONTENT);

    let id = ming.user().id;
    assert_eq!(ming.closed().await, Closed::Code(4401));
    assert_eq!(second_client.closed().await, Closed::Code(4401));
    assert_eq!(delete_account(&server, &token, valid).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(server.sessions_of(id), 0);
    assert_eq!(server.count("users WHERE nickname = '小明' OR nickname_key = '小明'"), 0);
    assert_eq!(sign_in(&server, "小明", PASSWORD).await.expect_err("an unknown user").code, ErrorCode::WrongPassword);
    let new_guest = TestClient::guest(&server, "小明").await;
    assert_ne!(new_guest.user().id, id);
}

#[tokio::test]
async fn messages_of_a_deleted_account_stay_without_a_name_everywhere() {
    let server = TestServer::start().await;
    let (mut owner, _) = register_user(&server, "老板").await;
    let (mut ming, token) = register_user(&server, "小明").await;
    let mut ling = TestClient::guest(&server, "阿玲").await;
    let lobby = ming.lobby().id;
    ming.send_message("I was here").await;
    let sent_seq = ling.send_message("so was I").await.seq.expect("a seq");
    ming.change("react", lobby, sent_seq, json!({ "emoji": "🍵", "on": true })).await;
    owner.moderate("unmute", &ming.user(), json!({})).await;
    let direct = ming.open_direct("阿玲").await.id;
    ming.send_message_to(direct, "between us").await;
    ling.expect_event("between us").await;
    let (mut lobby_timeline, mut direct_timeline) =
        (timeline_of(&server, &ling, lobby).await, timeline_of(&server, &ling, direct).await);
    let (before_lobby, before_direct) = (lobby_timeline.clone(), direct_timeline.clone());
    let former = ming.user();

    let body = json!({ "messages": "keep", "password": PASSWORD });
    assert_eq!(delete_account(&server, &token, body).await.0, StatusCode::NO_CONTENT);
    apply_until_account_deleted(&mut ling, lobby, &former, &mut lobby_timeline).await;
    apply_until_account_deleted(&mut ling, direct, &former, &mut direct_timeline).await;
    for (conversation, timeline, before) in
        [(lobby, lobby_timeline, before_lobby), (direct, direct_timeline, before_direct)]
    {
        let fetched = fetch_page(&server, &ling, conversation).await.messages;
        assert_eq!(messages(&timeline), fetched);
        // A user who was offline learns it from the missed events.
        let cursors = HashMap::from([(conversation, before.cursor())]);
        let mut back = TestClient::resume(&server, ling.token(), ling.welcome.epoch, &cursors).await;
        let mut resumed_timeline = before;
        apply_until_account_deleted(&mut back, conversation, &former, &mut resumed_timeline).await;
        assert_eq!(messages(&resumed_timeline), fetched);
    }
    let history = get(&server, &ling, "/api/conversations/lobby/messages").await;
    assert!(history.contains("I was here") && !history.contains("小明"), "{history}");
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
    // More messages than one batch deletes.
    for number in 0..130 {
        ming.send_without_waiting(lobby, &format!("secret {number}")).await;
    }
    let last = ming.send_message("secret, the last").await.seq.expect("a seq");
    ming.change("edit", lobby, last, json!({ "body": "secret, changed" })).await;
    ming.send_message_to(direct, "secret between us").await;
    ling.send_message("mine stays").await;
    let former = ming.user();
    let mut timeline = timeline_of(&server, &ling, lobby).await;
    let body = json!({ "messages": "delete", "password": PASSWORD });
    assert_eq!(delete_account(&server, &token, body).await.0, StatusCode::NO_CONTENT);

    apply_until_account_deleted(&mut ling, lobby, &former, &mut timeline).await;
    for _ in 0..=131 {
        let event = ling
            .expect("a deletion", |frame| match frame {
                ServerFrame::Event(event @ Event { kind: EventKind::Deletion { .. }, .. }) => Some(event.clone()),
                _ => None,
            })
            .await;
        assert_eq!((event.author.id, event.author.nickname.is_former()), (former.id, true));
        if event.conversation == lobby {
            timeline.apply(&event);
        }
    }
    assert_eq!(server.payloads_containing("secret"), 0);
    let fetched = fetch_page(&server, &ling, lobby).await.messages;
    assert_eq!(messages(&timeline), fetched);
    let remaining: Vec<_> =
        fetched.iter().filter(|message| !message.deleted).map(|message| message.body.as_str()).collect();
    assert_eq!(remaining, ["mine stays"]);
    // The direct is empty, so it is in no list.
    let listed = ling.connect_again(&server).await.welcome.conversations;
    assert!(listed.iter().all(|conversation| conversation.id != direct), "{listed:?}");
    let response = get(&server, &ling, &format!("/api/conversations/{direct}/messages")).await;
    assert!(!response.contains("secret"), "{response}");
}

#[tokio::test]
async fn the_last_owner_must_appoint_another_unless_the_operator_deletes_the_account() {
    let server = TestServer::start().await;
    let (mut owner, token) = register_user(&server, "老板").await;
    let body = json!({ "messages": "keep", "password": PASSWORD });
    let refused = (StatusCode::CONFLICT, Some(ErrorCode::LastOwner));
    assert_eq!(delete_account(&server, &token, body.clone()).await, refused);
    register_with_role(&server, &mut owner, "管家", "moderator").await;
    assert_eq!(delete_account(&server, &token, body.clone()).await, refused, "a moderator is not an owner");
    register_with_role(&server, &mut owner, "阿玲", "owner").await;
    owner.send_message("still here").await;
    assert_eq!(delete_account(&server, &token, body).await.0, StatusCode::NO_CONTENT);

    let output = server.admin(&["delete-account", "阿玲"]).await;
    assert_eq!(output, "阿玲: the account is deleted\n");
    assert!(server.admin(&["audit", "--limit", "1"]).await.contains("the operator: delete_account (former user)"));
    assert!(!server.admin(&["list"]).await.contains("owner"));
    assert!(server.admin_error(&["delete-account", "阿玲"]).await.contains("nobody here is called"));
}

#[tokio::test]
async fn a_guest_deletes_the_account_without_a_password() {
    let server = TestServer::start().await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let mut ling = TestClient::guest(&server, "阿玲").await;
    let sent_seq = ming.send_message("secret").await.seq.expect("a seq");
    assert_eq!(delete_account(&server, ming.token(), json!({ "messages": "delete" })).await.0, StatusCode::NO_CONTENT);
    assert_eq!(ming.closed().await, Closed::Code(4401));
    ling.expect("the deletion", |frame| match frame {
        ServerFrame::Event(Event { kind: EventKind::Deletion { seq }, .. }) if *seq == sent_seq => Some(()),
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
    let ack = ming.send_message("a rude message").await;
    let seq = ack.seq.unwrap_or(Seq::ZERO);
    let request = server.http(Method::POST, "/api/reports").bearer_auth(ling.token());
    let request = request.json(&json!({ "conversation": ack.conversation, "seq": seq }));
    assert_eq!(request.send().await.expect("a response").status(), StatusCode::NO_CONTENT);
    let body = json!({ "messages": "delete", "password": PASSWORD });
    assert_eq!(delete_account(&server, &token, body).await.0, StatusCode::NO_CONTENT);
    ling.expect("the deletion", |frame| match frame {
        ServerFrame::Event(Event { kind: EventKind::Deletion { .. }, .. }) => Some(()),
        _ => None,
    })
    .await;
    let ReportList { reports, .. } =
        serde_json::from_str(&get(&server, &owner, "/api/reports").await).expect("reports");
    let reported = reports[0].reported().expect("the message");
    assert_eq!((reported.body.as_str(), reported.author.nickname.is_former()), ("a rude message", true));
    assert!(!get(&server, &owner, "/api/reports").await.contains("小明"));
}
