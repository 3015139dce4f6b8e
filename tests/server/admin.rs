//! The operator commands (`teahouse admin`) on a running server.

use teahouse::{
    domain::{Action, ConversationId, Event, EventKind},
    protocol::{ErrorCode, ServerFrame},
};

use super::support::{Closed, PASSWORD, SimpleClient, TestClient, TestServer, register_user, sign_in};

#[tokio::test]
async fn the_operator_lists_users_and_the_audit_log() {
    let server = TestServer::start().await;
    register_user(&server, "老板").await;
    TestClient::guest(&server, "小明").await;
    let list = server.admin(&["list"]).await;
    assert!(list.lines().any(|row| row.starts_with("owner") && row.ends_with("老板")), "{list}");
    assert!(list.lines().any(|row| row.starts_with("guest") && row.ends_with("小明")), "{list}");
    server.admin(&["mute", "小明", "--minutes", "5"]).await;
    let sanctions = server.admin(&["sanctions"]).await;
    assert!(sanctions.starts_with("mute  小明") && sanctions.trim_end().ends_with(" UTC"), "{sanctions}");
    assert!(server.admin(&["audit", "--limit", "1"]).await.contains("the operator: mute 小明"));
}

#[tokio::test]
async fn actions_of_the_operator_are_attributed_to_the_server() {
    let server = TestServer::start().await;
    let mut ming = TestClient::guest(&server, "小明").await;
    server.admin(&["mute", "小明"]).await;
    let (author, notice) = ming.expect_notice().await;
    assert_eq!((author.nickname.as_str(), notice.action), ("Teahouse", Action::Mute));
    server.admin(&["unmute", "小明"]).await;
    ming.send_message("thanks").await;
}

#[tokio::test]
async fn the_operator_can_act_on_owners() {
    let server = TestServer::start().await;
    let (owner, _) = register_user(&server, "老板").await;
    server.admin(&["ban", "老板"]).await;
    assert_eq!(owner.closed().await, Closed::Code(4403));
    assert_eq!(sign_in(&server, "老板", PASSWORD).await.expect_err("banned").code, ErrorCode::Banned);
    server.admin(&["unban", "老板"]).await;
    sign_in(&server, "老板", PASSWORD).await.expect("a session");
}

#[tokio::test]
async fn resetting_a_password_ends_all_sessions() {
    let server = TestServer::start().await;
    let (ming, _) = register_user(&server, "小明").await;
    let output = server.admin(&["reset-password", "小明"]).await;
    assert_eq!(ming.closed().await, Closed::Code(4410));
    assert_eq!(sign_in(&server, "小明", PASSWORD).await.expect_err("old").code, ErrorCode::WrongPassword);
    let password = output.trim().rsplit(' ').next().expect("a password");
    sign_in(&server, "小明", password).await.expect("a session");
    let new_client =
        TestClient::with_token(server.address, &sign_in(&server, "小明", password).await.expect("one").token).await;
    server.admin(&["end-sessions", "小明"]).await;
    assert_eq!(new_client.closed().await, Closed::Code(4401));
}

#[tokio::test]
async fn a_removed_simple_client_receives_nothing_more() {
    let server = TestServer::start().await;
    let mut bot = SimpleClient::sign_in(&server, "/bot").await;
    let mut ming = TestClient::guest(&server, "小明").await;
    bot.send_message("here I am").await;
    ming.expect_event("here I am").await;
    server.admin(&["end-sessions", "bot"]).await;
    assert_eq!(bot.closed().await, Closed::Code(4401));
    // The nickname is free for another user.
    TestClient::guest(&server, "bot").await;
}

#[tokio::test]
async fn a_banned_guest_is_found_by_the_released_nickname() {
    let server = TestServer::start().await;
    let guest = TestClient::guest(&server, "troll").await;
    server.admin(&["ban", "troll"]).await;
    assert_eq!(guest.closed().await, Closed::Code(4403));
    server.admin(&["unban", "troll"]).await;
    TestClient::guest(&server, "troll").await;
}

#[tokio::test]
async fn impossible_commands_are_explained_and_change_nothing() {
    let server = TestServer::start().await;
    TestClient::guest(&server, "小明").await;
    let before = server.stored_counts();
    assert!(server.admin_error(&["mute", "nobody"]).await.contains("nobody here is called nobody"));
    assert!(server.admin_error(&["promote", "小明"]).await.contains("registered"));
    assert!(server.admin_error(&["reset-password", "小明"]).await.contains("registered"));
    assert!(server.admin_error(&["create", "小明"]).await.contains("somebody here has this name"));
    assert_eq!(server.stored_counts(), before);
}

#[tokio::test]
async fn an_operators_invite_uses_the_public_url() {
    let server = TestServer::start_with(|config| config.public_url = "https://chat.example.org".parse().ok()).await;
    let link = server.admin(&["invite"]).await;
    assert!(link.starts_with("https://chat.example.org/?invite="), "{link}");
}

#[tokio::test]
async fn an_id_means_the_same_user_even_if_the_nickname_has_moved_on() {
    let server = TestServer::start().await;
    let former = SimpleClient::sign_in(&server, "/bob").await;
    let line_of_bob = |list: &str| list.lines().find(|row| row.ends_with("bob")).map(str::to_owned);
    let listed = line_of_bob(&server.admin(&["list"]).await).expect("bob is listed");
    let id = listed.split_whitespace().nth(1).expect("an id").to_owned();
    drop(former);
    server.admin(&["end-sessions", &id]).await;
    let mut other = TestClient::guest(&server, "bob").await;
    server.admin(&["mute", &id]).await;
    other.send_message("I am another bob").await;
    assert!(
        server.admin_error(&["mute", "0192f7a0-0000-7000-8000-000000000001"]).await.contains("nobody here is called")
    );
}

#[tokio::test]
async fn the_operator_deletes_a_message_and_every_client_is_told() {
    let server = TestServer::start().await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let mut ling = TestClient::guest(&server, "阿玲").await;
    let lobby = ming.lobby().id;
    ming.send_message("first").await;
    let seq = ming.send_message("to be\ndeleted").await.seq.expect("a seq");
    let list = server.admin(&["messages"]).await;
    let newest = list.lines().next().expect("the newest first");
    assert!(newest.starts_with(&format!("lobby {seq} ")) && newest.ends_with("小明: to be deleted"), "{list}");
    assert_eq!(list.lines().count(), 2);

    server.admin(&["delete-message", "lobby", &seq.to_string()]).await;
    for client in [&mut ming, &mut ling] {
        let author = client
            .expect("a deletion", |frame| match frame {
                ServerFrame::Event(Event {
                    author, kind: EventKind::Deletion { seq: deleted }, conversation, ..
                }) if *deleted == seq && *conversation == lobby => Some(author.clone()),
                _ => None,
            })
            .await;
        assert_eq!(author.nickname.as_str(), "Teahouse");
    }
    assert_eq!(server.payloads_containing("to be"), 0);
    assert!(server.admin(&["messages", "--limit", "1"]).await.ends_with("小明: (deleted)\n"));
    let audit = server.admin(&["audit", "--limit", "1"]).await;
    assert!(audit.contains(&format!("the operator: delete_message 小明 in {lobby} {seq}")), "{audit}");
}

#[tokio::test]
async fn the_operator_deletes_a_message_of_a_direct() {
    let server = TestServer::start().await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let mut ling = TestClient::guest(&server, "阿玲").await;
    let direct = ming.open_direct("阿玲").await.id;
    let seq = ming.send_message_to(direct, "to be deleted").await.seq.expect("a seq");
    ling.send_message_to(direct, "a reply").await;
    // The nickname finds the user's messages in every conversation.
    let list = server.admin(&["messages", "小明"]).await;
    assert!(list.starts_with(&format!("{direct} {seq} ")) && list.lines().count() == 1, "{list}");
    server.admin(&["delete-message", &direct.to_string(), &seq.to_string()]).await;
    ling.expect("a deletion", |frame| match frame {
        ServerFrame::Event(event) if event.kind == (EventKind::Deletion { seq }) => Some(()),
        _ => None,
    })
    .await;
    // The direct works as before.
    ming.send_message_to(direct, "still here").await;
}

#[tokio::test]
async fn only_messages_can_be_deleted() {
    let server = TestServer::start().await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let seq = ming.send_message("something").await.seq.expect("a seq").to_string();
    server.admin(&["mute", "小明"]).await;
    let before = server.stored_counts();
    let elsewhere = ConversationId::generate().to_string();
    for (conversation, seq_argument, message) in [
        ("lobby", "7", "no such message"),
        ("lobby", "0", "no such message"),
        // Seq 2 is the moderation notice, not a message.
        ("lobby", "2", "no such message"),
        (&elsewhere, &seq, "no such conversation"),
        ("nowhere", &seq, "no such conversation"),
    ] {
        let refused = server.admin_error(&["delete-message", conversation, seq_argument]).await;
        assert!(refused.contains(message), "{conversation} {seq_argument}: {refused}");
    }
    assert_eq!(server.stored_counts(), before);
    server.admin(&["delete-message", "lobby", &seq]).await;
    assert!(server.admin_error(&["delete-message", "lobby", &seq]).await.contains("it was deleted"));
}

#[tokio::test]
async fn names_and_messages_cannot_control_the_operators_terminal() {
    let server = TestServer::start().await;
    let mut ming = TestClient::guest(&server, "小明").await;
    ming.send_message("reads \u{202e}backwards").await;
    ming.send_message("一家人 👨\u{200d}👩\u{200d}👧").await;
    server.admin(&["mute", "小明"]).await;
    // The program itself never stores such names.
    server.tamper("UPDATE users SET nickname = 'ming' || char(27) || '[2J' || char(155) || '31m'").expect("an update");
    let audit_entry = "INSERT INTO audit (at, action, detail) VALUES (1, 'mute', char(27) || ']0;title' || char(7))";
    server.tamper(audit_entry).expect("an insert");
    for command in ["list", "sanctions", "audit", "messages"] {
        let output = server.admin(&[command]).await;
        assert!(output.contains("ming\\u{1b}[2J\\u{9b}31m"), "{output}");
        let dangerous = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!output.contains(dangerous), "{output:?}");
    }
    assert!(server.admin(&["audit"]).await.contains("\\u{1b}]0;title\\u{7}"));
    let messages = server.admin(&["messages"]).await;
    assert!(messages.contains("reads \\u{202e}backwards") && messages.contains("👨\u{200d}👩\u{200d}👧"), "{messages}");
    let refused = server.admin_error(&["mute", "\u{1b}[2J"]).await;
    assert!(refused.contains("\\u{1b}[2J") && !refused.contains('\u{1b}'), "{refused:?}");
}
