//! Retention of guests' messages, addresses and the audit log. By default, nothing is deleted for its age.

use std::{num::NonZeroU32, time::Duration};

use reqwest::Method;
use serde_json::json;
use teahouse::{
    domain::{ConversationId, Event, EventKind, MessagesPage, UserId},
    protocol::{ServerFrame, SessionCreated},
    server::RetentionDays,
};

use super::support::{TestClient, TestServer, on_postgres, register_user, with_timeout};

/// Makes all events old.
const AGE_ALL_EVENTS: &str = "UPDATE events SET at = 1000";

/// Starts a server whose housekeeping runs often.
async fn server(retention: RetentionDays) -> TestServer {
    TestServer::start_with(|config| {
        config.unlimited = true;
        config.retention = retention;
        config.timing.housekeeping_interval = Duration::from_millis(20);
        config.timing.retention_interval = Duration::from_millis(20);
    })
    .await
}

fn a_day() -> Option<NonZeroU32> {
    NonZeroU32::new(1)
}

async fn history(server: &TestServer, client: &TestClient, conversation: ConversationId) -> MessagesPage {
    let path = format!("/api/conversations/{conversation}/messages?limit=200");
    let response = server.http(Method::GET, &path).bearer_auth(client.token()).send().await.expect("a response");
    response.json().await.expect("a page")
}

async fn expect_deletion(client: &mut TestClient) -> Event {
    client
        .expect("a deletion", |frame| match frame {
            ServerFrame::Event(event) if matches!(event.kind, EventKind::Deletion { .. }) => Some(event.clone()),
            _ => None,
        })
        .await
}

async fn wait_until_none(server: &TestServer, rows: &str) {
    with_timeout(rows, async {
        while server.count(rows) > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn expired_messages_of_guests_are_deleted_like_others() {
    let server = server(RetentionDays { guest_message_days: a_day(), ..RetentionDays::default() }).await;
    let (mut alice, _) = register_user(&server, "Alice").await;
    let mut bob = TestClient::guest(&server, "Bob").await;
    let lobby = bob.lobby().id;
    let direct = bob.open_direct("Alice").await.id;
    alice.send_message("kept: Alice has an account").await;
    let old = bob.send_message("gone-from-the-lobby").await;
    alice.change("react", lobby, old.seq.expect("a sequence number"), json!({ "emoji": "🍵", "on": true })).await;
    bob.change("edit", lobby, old.seq.expect("a sequence number"), json!({ "body": "gone-when-edited" })).await;
    bob.send_message_to(direct, "gone-from-the-direct").await;

    server.tamper(AGE_ALL_EVENTS).expect("an update");
    let deletions = [expect_deletion(&mut alice).await, expect_deletion(&mut alice).await];
    for deletion in &deletions {
        assert_eq!(deletion.author.id, UserId::SYSTEM);
    }
    bob.send_message("kept: it is new").await;
    for deleted in ["gone-from-the-lobby", "gone-when-edited", "gone-from-the-direct"] {
        assert_eq!(server.payloads_containing(deleted), 0, "{deleted} is still in the data");
    }
    let messages_of = async |conversation| {
        let messages = history(&server, &alice, conversation).await.messages;
        messages
            .into_iter()
            .map(|message| (message.body.as_str().to_owned(), message.deleted, message.reactions.len()))
            .collect::<Vec<_>>()
    };
    let unchanged = |body: &str| (body.to_owned(), false, 0);
    let deleted = || (String::new(), true, 0);
    assert_eq!(
        messages_of(lobby).await,
        [unchanged("kept: Alice has an account"), deleted(), unchanged("kept: it is new")]
    );
    assert_eq!(messages_of(direct).await, [deleted()]);
    assert_eq!(server.count("audit WHERE action = 'delete_message'"), 0, "the audit log names no moderator for it");
    // A client that resumes from an old cursor receives the same deletion.
    let cursors = [(lobby, old.seq.expect("a sequence number"))].into();
    let mut reconnected = TestClient::resume(&server, bob.token(), bob.welcome.epoch, &cursors).await;
    let lobby_deletion =
        deletions.iter().find(|deletion| deletion.conversation == lobby).expect("a deletion in the Lobby");
    assert_eq!(expect_deletion(&mut reconnected).await, *lobby_deletion);
}

#[tokio::test]
async fn deleting_many_expired_messages_does_not_block_new_ones() {
    const MESSAGES: usize = 150;
    let server = server(RetentionDays { guest_message_days: a_day(), ..RetentionDays::default() }).await;
    let mut bob = TestClient::guest(&server, "Bob").await;
    let lobby = bob.lobby().id;
    let mut last = bob.send_without_waiting(lobby, "old").await;
    for _ in 1..MESSAGES {
        last = bob.send_without_waiting(lobby, "old").await;
    }
    bob.expect_ack(last).await;
    server.tamper(AGE_ALL_EVENTS).expect("an update");
    expect_deletion(&mut bob).await;
    bob.send_message("new").await;
    wait_until_none(&server, "messages WHERE body = 'old'").await;
    let page = history(&server, &bob, lobby).await;
    let left: Vec<_> =
        page.messages.iter().filter(|message| !message.deleted).map(|message| message.body.as_str()).collect();
    assert_eq!((page.messages.len(), left), (MESSAGES + 1, vec!["new"]));
}

#[tokio::test]
async fn only_expired_entries_leave_the_audit_log() {
    let server = server(RetentionDays { audit_days: a_day(), ..RetentionDays::default() }).await;
    let (mut alice, _) = register_user(&server, "Alice").await;
    let bob = TestClient::guest(&server, "Bob").await;
    alice.moderate("mute", &bob.user(), json!({ "minutes": 5 })).await;
    alice.moderate("unmute", &bob.user(), json!({})).await;
    let (unguarded, guarded) = if on_postgres() {
        ("ALTER TABLE audit DISABLE TRIGGER audit_only_grows", "ALTER TABLE audit ENABLE TRIGGER audit_only_grows")
    } else {
        (
            "DROP TRIGGER audit_is_not_changed",
            "CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'no'); END",
        )
    };
    let age = "UPDATE audit SET at = 1000 WHERE action = 'mute'";
    server.tamper(&format!("{unguarded}; {age}; {guarded};")).expect("an old entry");
    wait_until_none(&server, "audit WHERE action = 'mute'").await;
    assert_eq!(server.count("audit WHERE action = 'unmute'"), 1);
    assert!(server.tamper("DELETE FROM audit").is_err(), "recent entries cannot be deleted");
}

#[tokio::test]
async fn expired_addresses_are_deleted_and_no_longer_banned() {
    let server = server(RetentionDays { address_days: a_day(), ..RetentionDays::default() }).await;
    let (mut alice, _) = register_user(&server, "Alice").await;
    let bob = TestClient::guest(&server, "Bob").await;
    let carol = TestClient::guest(&server, "Carol").await;
    alice.moderate("ban", &bob.user(), json!({})).await;
    let sign_in = async || {
        let request = server.http(Method::POST, "/api/session").json(&json!({ "nickname": "Dave" }));
        request.send().await.expect("a response").status()
    };
    assert_eq!(sign_in().await, 403);
    let known = "users WHERE address IS NOT NULL";
    assert!(server.count(known) > 0);
    let age = "UPDATE users SET created_at = 1000; UPDATE sessions SET created_at = 1000; UPDATE guest_marks SET since = 1000";
    server.tamper(age).expect("an update");
    let marked = "guest_marks WHERE mark LIKE 'address:%'";
    for rows in [known, "sessions WHERE address IS NOT NULL", marked] {
        wait_until_none(&server, rows).await;
    }
    assert_eq!(server.count("guest_marks WHERE mark LIKE 'name:%'"), 1, "the nickname is still banned");
    assert_eq!(sign_in().await, 201);
    TestClient::with_token(server.address, carol.token()).await.send_message("I am still Carol").await;
}

#[tokio::test]
async fn without_an_option_nothing_expires() {
    let server = server(RetentionDays::default()).await;
    let (mut alice, _) = register_user(&server, "Alice").await;
    let mut bob = TestClient::guest(&server, "Bob").await;
    bob.send_message("as old as the hills").await;
    alice.moderate("mute", &bob.user(), json!({ "minutes": 5 })).await;
    let audit = server.count("audit");
    server.tamper(AGE_ALL_EVENTS).expect("an update");
    server.tamper("UPDATE users SET created_at = 1000").expect("an update");
    // Housekeeping has run once it has ended this session.
    let carol = server.http(Method::POST, "/api/session").json(&json!({ "nickname": "Carol" }));
    let carol: SessionCreated = carol.send().await.expect("a response").json().await.expect("a session");
    server.age_sessions_of("Carol");
    with_timeout("an unused session to end", async {
        while server.sessions_of(carol.me.id) > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(server.payloads_containing("as old as the hills"), 2, "in the event and in the message");
    assert_eq!(server.count("audit"), audit);
    assert!(server.count("users WHERE address IS NOT NULL") > 0);
}
