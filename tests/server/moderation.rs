//! Which role may take which moderation action, and that a sanction takes effect at once at every endpoint.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use teahouse::{
    domain::{
        Action, AuditPage, CommandId, ConversationList, Message, MessagesPage, Nickname, Role, Scope, User, UserId,
    },
    protocol::{ErrorCode, SanctionList, ServerFrame},
};

use super::support::{
    Closed, PASSWORD, RawClient, SimpleClient, TestClient, TestServer, register_user, register_with_role, sign_in,
};

/// The fields of a sanction of the whole server, until it is lifted.
fn server_wide() -> Value {
    json!({})
}

/// Connects the owner of a new server.
async fn owner(server: &TestServer) -> TestClient {
    register_user(server, "老板").await.0
}

async fn get(server: &TestServer, client: &TestClient, path: &str) -> reqwest::Response {
    server.http(Method::GET, path).bearer_auth(client.token()).send().await.expect("a response")
}

async fn lobby(server: &TestServer, client: &TestClient) -> Vec<Message> {
    let page: MessagesPage =
        get(server, client, "/api/conversations/lobby/messages").await.json().await.expect("a page");
    page.messages
}

#[tokio::test]
async fn the_claim_token_makes_exactly_one_owner() {
    let server = TestServer::start().await;
    let first = owner(&server).await;
    let (second, _) = register_user(&server, "阿玲").await;
    assert_eq!((first.welcome.me.role, second.welcome.me.role), (Role::Owner, Role::Member));
    assert_eq!(first.user().role, Role::Owner, "the role is visible to all");
}

#[tokio::test]
async fn the_owner_option_allows_only_that_owner() {
    let server = TestServer::start_with(|config| config.owner = Nickname::parse("阿玲").ok()).await;
    let (first, _) = register_user(&server, "小明").await;
    let (named, _) = register_user(&server, "阿玲").await;
    assert_eq!((first.welcome.me.role, named.welcome.me.role), (Role::Member, Role::Owner));
}

#[tokio::test]
async fn nobody_moderates_users_of_equal_or_higher_role() {
    let server = TestServer::start().await;
    let mut owner = owner(&server).await;
    let mut moderator = register_with_role(&server, &mut owner, "管家", "moderator").await;
    let other = register_with_role(&server, &mut owner, "管家二", "moderator").await;
    let mut member = TestClient::guest(&server, "小明").await;
    for action in ["mute", "unmute", "remove", "ban", "unban", "appoint"] {
        let more = json!({ "role": "moderator" });
        for subject in [owner.user(), moderator.user(), member.user()] {
            let code = member.moderation_error(action, &subject, more.clone()).await;
            assert_eq!(code, ErrorCode::Forbidden, "{action} by a member");
        }
        for subject in [owner.user(), other.user(), moderator.user()] {
            let code = moderator.moderation_error(action, &subject, more.clone()).await;
            assert_eq!(code, ErrorCode::Forbidden, "{action} by a moderator");
        }
    }
    let code = owner.moderation_error("appoint", &member.user(), json!({ "role": "moderator" })).await;
    assert_eq!(code, ErrorCode::AccountRequired, "a guest cannot have a role");
    for path in ["/api/audit", "/api/invites"] {
        assert_eq!(get(&server, &moderator, path).await.status(), StatusCode::FORBIDDEN, "{path}");
    }
    assert_eq!(get(&server, &member, "/api/sanctions").await.status(), StatusCode::FORBIDDEN);
    assert_eq!(get(&server, &moderator, "/api/sanctions").await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_revoked_role_ends_at_once() {
    let server = TestServer::start().await;
    let mut owner = owner(&server).await;
    let moderator = register_with_role(&server, &mut owner, "管家", "moderator").await;
    let token = moderator.token().to_owned();
    let mut ming = TestClient::guest(&server, "小明").await;
    owner.moderate("appoint", &moderator.user(), json!({ "role": "member" })).await;
    assert_eq!(moderator.closed().await, Closed::Code(1013));
    let mut member = TestClient::with_token(server.address, &token).await;
    assert_eq!(member.welcome.me.role, Role::Member);
    assert_eq!(member.moderation_error("mute", &ming.user(), server_wide()).await, ErrorCode::Forbidden);
    ming.send_message("still here").await;
}

#[tokio::test]
async fn moderators_delete_messages_in_rooms_but_not_in_directs() {
    let server = TestServer::start().await;
    let mut owner = owner(&server).await;
    let mut moderator = register_with_role(&server, &mut owner, "管家", "moderator").await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let sent = ming.send_message("rude words").await;
    moderator.change("delete", sent.conversation, sent.seq.expect("a sequence number"), json!({})).await;
    assert_eq!(server.payloads_containing("rude words"), 0);
    let audit: AuditPage = get(&server, &owner, "/api/audit").await.json().await.expect("a page");
    assert_eq!(audit.entries[0].action, "delete_message");
    assert_eq!(audit.entries[0].subject.as_ref().map(|user| user.id), Some(ming.user().id));

    let direct = ming.open_direct("管家").await;
    let private = ming.send_message_to(direct.id, "between us").await;
    let id = CommandId::generate();
    moderator.send(&json!({ "type": "delete", "id": id, "conversation": direct.id, "seq": private.seq })).await;
    assert_eq!(moderator.expect_error().await.code, ErrorCode::Forbidden);
}

#[tokio::test]
async fn a_muted_user_can_read_but_not_write_until_unmuted() {
    let server = TestServer::start().await;
    let mut owner = owner(&server).await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let direct = ming.open_direct("老板").await;
    let sent = ming.send_message("before").await;
    owner.moderate("mute", &ming.user(), json!({ "minutes": 10 })).await;

    let (author, notice) = ming.expect_notice().await;
    assert_eq!((author.id, notice.action, notice.scope), (owner.user().id, Action::Mute, Scope::Server));
    assert!(notice.until.is_some());
    let id = ming.send_without_waiting(sent.conversation, "after").await;
    let error = ming.expect_error().await;
    assert_eq!((error.id, error.code), (Some(id), ErrorCode::Muted));
    assert!(error.retry_after_ms.is_some_and(|wait| wait > 500_000), "the error tells when the mute ends: {error:?}");
    ming.send_without_waiting(direct.id, "please").await;
    assert_eq!(ming.expect_error().await.code, ErrorCode::Muted);
    // A muted user may still delete messages.
    ming.change("delete", sent.conversation, sent.seq.expect("a sequence number"), json!({})).await;
    owner.send_message("we go on").await;
    ming.expect_event("we go on").await;

    let sanctions: SanctionList = get(&server, &owner, "/api/sanctions").await.json().await.expect("a list");
    assert_eq!(sanctions.sanctions.len(), 1);
    owner.moderate("unmute", &ming.user(), server_wide()).await;
    ming.send_message("after").await;
}

#[tokio::test]
async fn moderation_leaves_notices_that_nobody_can_change() {
    let server = TestServer::start().await;
    let mut owner = owner(&server).await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let ack = owner.moderate("mute", &ming.user(), json!({ "conversation": owner.lobby().id })).await;
    let messages = lobby(&server, &ming).await;
    let notice = messages.last().and_then(|message| message.notice.clone()).expect("a notice");
    assert_eq!((notice.action, notice.scope, notice.user.id), (Action::Mute, Scope::Room, ming.user().id));
    let seq = ack.seq.expect("a sequence number");
    owner.moderate("unmute", &ming.user(), json!({ "conversation": owner.lobby().id })).await;
    for command in ["edit", "delete", "react"] {
        let id = CommandId::generate();
        let lobby = owner.lobby().id;
        let frame = json!({ "type": command, "id": id, "conversation": lobby, "seq": seq, "body": "x", "emoji": "👍", "on": true });
        owner.send(&frame).await;
        assert_eq!(owner.expect_error().await.code, ErrorCode::UnknownMessage, "{command}");
    }
    // The notice does not count as unread.
    let conversations: ConversationList = get(&server, &ming, "/api/conversations").await.json().await.expect("a list");
    assert_eq!(conversations.conversations[0].unread, 0);
    ming.send_message("fine").await;
}

#[tokio::test]
async fn a_repeated_moderation_command_takes_effect_once() {
    let server = TestServer::start().await;
    let mut owner = owner(&server).await;
    let ming = TestClient::guest(&server, "小明").await;
    let id = CommandId::generate();
    let frame = json!({ "type": "moderate", "id": id, "action": "mute", "user": ming.user().id });
    owner.send(&frame).await;
    let first = owner.expect_ack(id).await;
    owner.moderate("unmute", &ming.user(), server_wide()).await;
    owner.send(&frame).await;
    assert_eq!(owner.expect_ack(id).await, first);
    let sanctions: SanctionList = get(&server, &owner, "/api/sanctions").await.json().await.expect("a list");
    assert_eq!(sanctions.sanctions, []);
}

#[tokio::test]
async fn a_removed_user_is_disconnected_everywhere_and_may_come_back() {
    let server = TestServer::start().await;
    let mut owner = owner(&server).await;
    let (ming, token) = register_user(&server, "小明").await;
    let second = TestClient::with_token(server.address, &token).await;
    owner.moderate("remove", &ming.user(), server_wide()).await;
    assert_eq!(ming.closed().await, Closed::Code(4403));
    assert_eq!(second.closed().await, Closed::Code(4403));
    let me = server.http(Method::GET, "/api/me").bearer_auth(&token).send().await.expect("a response");
    assert_eq!(me.status(), StatusCode::UNAUTHORIZED);
    let again = sign_in(&server, "小明", PASSWORD).await.expect("a session");
    let mut reconnected = TestClient::with_token(server.address, &again.token).await;
    reconnected.send_message("sorry").await;
}

#[tokio::test]
async fn a_banned_user_is_refused_by_every_endpoint() {
    let server = TestServer::start().await;
    let mut owner = owner(&server).await;
    let (ming, _) = register_user(&server, "小明").await;
    owner.moderate("ban", &ming.user(), json!({ "minutes": 60 })).await;
    let user = ming.user();
    assert_eq!(ming.closed().await, Closed::Code(4403));
    let problem = sign_in(&server, "小明", PASSWORD).await.expect_err("banned");
    assert_eq!((problem.status, problem.code), (403, ErrorCode::Banned));
    assert!(problem.retry_after_ms.is_some());
    let wrong = sign_in(&server, "小明", "battery staple").await.expect_err("wrong");
    assert_eq!(wrong.code, ErrorCode::WrongPassword, "without the password, the ban is not revealed");
    // Registered users may still sign in from the same address. New guests may not: they could be the banned user.
    sign_in(&server, "老板", PASSWORD).await.expect("a session");
    let mut raw = RawClient::connect(&server, "/ws").await;
    raw.send_json(&json!({ "type": "hello", "protocol": 1, "nickname": "阿玲" })).await;
    assert_eq!(raw.next_json().await["code"], "banned");
    owner.moderate("unban", &user, server_wide()).await;
    sign_in(&server, "小明", PASSWORD).await.expect("a session");
    TestClient::guest(&server, "阿玲").await;
}

#[tokio::test]
async fn a_banned_guest_cannot_come_back_under_another_name_from_the_same_address() {
    let server = TestServer::start().await;
    let mut owner = owner(&server).await;
    let other_guest = TestClient::guest(&server, "阿玲").await;
    let guest = TestClient::guest(&server, "troll").await;
    let user = guest.user();
    owner.moderate("ban", &user, server_wide()).await;
    assert_eq!(guest.closed().await, Closed::Code(4403));

    let mut raw = RawClient::connect(&server, "/ws").await;
    raw.send_json(&json!({ "type": "hello", "protocol": 1, "nickname": "troll2" })).await;
    assert_eq!(raw.next_json().await["code"], "banned");
    assert_eq!(raw.closed().await, Closed::Code(4403));
    let response = server.http(Method::POST, "/api/session").json(&json!({ "nickname": "troll3" })).send().await;
    assert_eq!(response.expect("a response").status(), StatusCode::FORBIDDEN);
    let mut simple = RawClient::connect(&server, "/troll4").await;
    assert_eq!(simple.next_json().await["error"], "banned");
    assert_eq!(simple.closed().await, Closed::Code(4403));

    // Guests who were already signed in stay, and registered users may sign in.
    let mut again = other_guest.connect_again(&server).await;
    again.send_message("still here").await;
    owner.connect_again(&server).await;
    owner.moderate("unban", &user, server_wide()).await;
    TestClient::guest(&server, "troll").await;
}

#[tokio::test]
async fn a_simple_client_can_be_banned() {
    let server = TestServer::start().await;
    let mut owner = owner(&server).await;
    let mut simple = SimpleClient::sign_in(&server, "/bot").await;
    simple.send_message("spam").await;
    let event = owner.expect_event("spam").await;
    owner.moderate("ban", &event.author, server_wide()).await;
    assert_eq!(simple.closed().await, Closed::Code(4403));
    let mut again = RawClient::connect(&server, "/bot").await;
    assert_eq!(again.next_json().await["error"], "banned");
}

#[tokio::test]
async fn a_user_removed_from_a_room_receives_nothing_until_rejoining() {
    let server = TestServer::start().await;
    let mut owner = owner(&server).await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let room = ming.lobby().id;
    owner.moderate("remove", &ming.user(), json!({ "conversation": room })).await;
    ming.expect("the removed conversation", |frame| match frame {
        ServerFrame::ConversationRemoved { id } if *id == room => Some(()),
        _ => None,
    })
    .await;
    owner.send_message("behind the back").await;
    ming.send_without_waiting(room, "let me in").await;
    assert_eq!(ming.expect_error().await.code, ErrorCode::UnknownConversation);
    let page = get(&server, &ming, "/api/conversations/lobby/messages").await;
    assert_eq!(page.status(), StatusCode::NOT_FOUND);
    let welcome = ming.connect_again(&server).await.welcome;
    assert!(welcome.conversations.is_empty(), "a new connection does not see the room either");

    let id = CommandId::generate();
    ming.send(&json!({ "type": "join", "id": id, "conversation": room })).await;
    assert_eq!(ming.expect_ack(id).await.seq, None);
    ming.send_message("thank you").await;
    owner.expect_event("thank you").await;
    let bodies: Vec<_> = lobby(&server, &ming).await.iter().map(|message| message.body.as_str().to_owned()).collect();
    assert!(bodies.contains(&"behind the back".to_owned()), "the room's history is visible again");
}

#[tokio::test]
async fn a_user_banned_from_a_room_cannot_rejoin() {
    let server = TestServer::start().await;
    let mut owner = owner(&server).await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let room = ming.lobby().id;
    owner.moderate("ban", &ming.user(), json!({ "conversation": room })).await;
    let id = CommandId::generate();
    let join = json!({ "type": "join", "id": id, "conversation": room });
    ming.send(&join).await;
    assert_eq!(ming.expect_error().await.code, ErrorCode::Banned);
    // The ban is limited to this room.
    let direct = ming.open_direct("老板").await;
    ming.send_message_to(direct.id, "why?").await;
    owner.moderate("unban", &ming.user(), json!({ "conversation": room })).await;
    ming.send(&join).await;
    ming.expect_ack(id).await;
}

#[tokio::test]
async fn the_audit_log_is_complete_and_append_only() {
    let server = TestServer::start().await;
    let mut owner = owner(&server).await;
    let ming = TestClient::guest(&server, "小明").await;
    owner.moderate("mute", &ming.user(), json!({ "minutes": 5 })).await;
    owner.moderate("ban", &ming.user(), server_wide()).await;
    let audit: AuditPage = get(&server, &owner, "/api/audit?limit=2").await.json().await.expect("a page");
    let actions: Vec<_> = audit.entries.iter().map(|entry| entry.action.as_str()).collect();
    assert_eq!((actions, audit.more), (vec!["ban", "mute"], true));
    let oldest = audit.entries[1].id;
    let older: AuditPage =
        get(&server, &owner, &format!("/api/audit?before={oldest}")).await.json().await.expect("a page");
    assert_eq!(older.entries[0].action, "appoint", "the appointment of the owner");
    assert_eq!(older.entries[0].actor, None);
    assert!(server.tamper("UPDATE audit SET action = 'nothing'").is_err());
    assert!(server.tamper("DELETE FROM audit").is_err());
}

#[tokio::test]
async fn sanctions_survive_a_restart() {
    let server = TestServer::start().await;
    let mut owner = owner(&server).await;
    let (ming, token) = register_user(&server, "小明").await;
    let (ling, _) = register_user(&server, "阿玲").await;
    owner.moderate("mute", &ming.user(), server_wide()).await;
    owner.moderate("ban", &ling.user(), server_wide()).await;
    let server = server.restart().await;
    let mut ming = TestClient::with_token(server.address, &token).await;
    ming.send_without_waiting(ming.lobby().id, "hello?").await;
    assert_eq!(ming.expect_error().await.code, ErrorCode::Muted);
    assert_eq!(sign_in(&server, "阿玲", PASSWORD).await.expect_err("banned").code, ErrorCode::Banned);
}

#[tokio::test]
async fn invalid_moderation_commands_are_refused() {
    let server = TestServer::start().await;
    let mut owner = owner(&server).await;
    let ming = TestClient::guest(&server, "小明").await;
    let room = owner.lobby().id;
    for (action, more, code) in [
        ("mute", json!({ "minutes": 0 }), ErrorCode::BadFrame),
        ("appoint", json!({}), ErrorCode::BadFrame),
        ("appoint", json!({ "conversation": room, "role": "moderator" }), ErrorCode::Forbidden),
        ("tickle", json!({}), ErrorCode::BadFrame),
        ("mute", json!({ "conversation": ming.user().id }), ErrorCode::UnknownConversation),
    ] {
        assert_eq!(owner.moderation_error(action, &ming.user(), more).await, code, "{action}");
    }
    let unknown_user = User { id: UserId::generate(), ..ming.user() };
    assert_eq!(owner.moderation_error("mute", &unknown_user, server_wide()).await, ErrorCode::UnknownUser);
    let system_user = User { id: UserId::SYSTEM, ..ming.user() };
    assert_eq!(owner.moderation_error("mute", &system_user, server_wide()).await, ErrorCode::UnknownUser);
}

#[tokio::test]
async fn typing_of_muted_users_is_not_announced() {
    let server = TestServer::start().await;
    let mut owner = owner(&server).await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let lobby = ming.lobby().id;
    owner.moderate("mute", &ming.user(), server_wide()).await;
    ming.send(&json!({ "type": "typing", "conversation": lobby })).await;
    // Frames of one connection are handled in order, so the pong shows that `typing` was handled.
    ming.send(&json!({ "type": "ping" })).await;
    ming.expect("a pong", |frame| matches!(frame, ServerFrame::Pong {}).then_some(())).await;
    // Another conversation is used, because `typing` is throttled in the first one.
    owner.moderate("unmute", &ming.user(), server_wide()).await;
    let direct = ming.open_direct("老板").await;
    ming.send_message_to(direct.id, "hello").await;
    ming.send(&json!({ "type": "typing", "conversation": direct.id })).await;
    let first = owner.expect("a typing indicator", |frame| match frame {
        ServerFrame::Typing { conversation, .. } => Some(*conversation),
        _ => None,
    });
    assert_eq!(first.await, direct.id, "typing in the Lobby while muted was not announced");
}
