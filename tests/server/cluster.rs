//! Several servers on one PostgreSQL database are one server.

use std::{pin::pin, sync::Arc, time::Duration};

use reqwest::{Method, StatusCode};
use serde_json::json;
use teahouse::{
    domain::{CommandId, ConversationId, Seq},
    protocol::{ErrorCode, ServerFrame},
};
use tokio::sync::{Notify, mpsc};

use super::{
    conversation_settings,
    support::{Closed, PASSWORD, TestClient, TestServer, event_text, register_user, set_password, with_timeout},
};

#[tokio::test]
async fn what_is_said_on_one_node_is_heard_on_the_other() {
    let one = TestServer::start_node().await;
    let other = one.start_beside().await;
    let mut ming = TestClient::guest(&one, "小明").await;
    let mut ling = TestClient::guest(&other, "阿玲").await;
    ming.send_message("from the one").await;
    ling.expect_event("from the one").await;
    ling.send_message("from the other").await;
    ming.expect_event("from the other").await;
    let direct = ling.open_direct("小明").await.id;
    ling.send_message_to(direct, "between us").await;
    // The view is read when the other node has committed the message, and includes it.
    let view = ming.expect("the direct", |frame| match frame {
        ServerFrame::Conversation(view) if view.id == direct => Some(view.clone()),
        _ => None,
    });
    assert_eq!(view.await.last_seq, Seq(1));
    assert_eq!(ming.expect_event("between us").await.seq, Seq(1), "the message itself follows all the same");
    ling.send_message_to(direct, "and more").await;
    ming.expect_event("and more").await;
    other.stop().await;
    ming.send_message("alone").await;
    one.stop().await;
}

#[tokio::test]
async fn whoever_returns_to_a_room_through_another_node_hears_what_follows_once() {
    let one = TestServer::start_node().await;
    let other = one.start_beside().await;
    let (mut ada, _) = register_user(&one, "Ada").await;
    let mut bob = TestClient::guest(&other, "Bob").await;
    let create = CommandId::generate();
    ada.send(&json!({ "type": "create_room", "id": create, "name": "Tea", "visibility": "private" })).await;
    let tea = ada.expect_ack(create).await.conversation;
    for round in 0..5 {
        let add = CommandId::generate();
        ada.send(&json!({ "type": "add_member", "id": add, "conversation": tea, "user": bob.user().id })).await;
        let added = ada.expect_ack(add).await.seq.expect("an event");
        let hello = format!("hello {round}");
        ada.send_message_to(tea, &hello).await;
        // What comes after the event that adds them, to the one that removes them.
        let mut seqs = Vec::new();
        loop {
            match bob.next().await {
                ServerFrame::Event(event) if event.conversation == tea => {
                    seqs.push(event.seq.0);
                    // Not before: whoever is removed before the other node has added them hears of neither.
                    if event_text(&event) == hello {
                        ada.moderate("remove", &bob.user(), json!({ "conversation": tea })).await;
                        ada.send_message_to(tea, &format!("without you {round}")).await;
                    }
                }
                ServerFrame::ConversationRemoved { id } if id == tea => break,
                _ => {}
            }
        }
        assert_eq!(seqs, [added.0 + 1, added.0 + 2], "round {round}");
    }
}

#[tokio::test]
async fn a_session_that_ends_on_one_node_ends_on_the_other() {
    let one = TestServer::start_node().await;
    let other = one.start_beside().await;
    let ming = TestClient::guest(&one, "小明").await;
    let token = ming.token().to_owned();
    let sign_out = other.http(Method::DELETE, "/api/session").bearer_auth(&token);
    assert_eq!(sign_out.send().await.expect("a response").status(), StatusCode::NO_CONTENT);
    assert!(matches!(ming.closed().await, Closed::Code(_)));
    for server in [&one, &other] {
        let me = server.http(Method::GET, "/api/me").bearer_auth(&token).send().await.expect("a response");
        assert_eq!(me.status(), StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn a_read_mark_that_is_set_back_on_one_node_stays_so_on_the_other() {
    let one = TestServer::start_node().await;
    let other = one.start_beside().await;
    let mut ming = TestClient::guest(&other, "小明").await;
    let mut desktop = TestClient::guest(&one, "阿玲").await;
    let mut phone = TestClient::with_token(other.address, desktop.token()).await;
    let lobby = ming.lobby().id;
    for text in ["one", "two", "three"] {
        ming.send_message(text).await;
        desktop.expect_event(text).await;
    }
    let read_seq = async |client: &TestClient, node| client.connect_again(node).await.lobby().read_seq;
    for round in 0..10 {
        // Both nodes gather marks, and save them some time later.
        desktop.send(&json!({ "type": "read", "conversation": lobby, "seq": 3 })).await;
        // The answer to the next frame shows that the node has the mark.
        desktop.send(&json!({ "type": "dance" })).await;
        assert_eq!(desktop.expect_error().await.code, ErrorCode::UnknownType);
        conversation_settings::set(&mut phone, lobby, json!({ "unread_from": 2 })).await;
        let text = format!("later {round}");
        ming.send_message(&text).await;
        desktop.expect_event(&text).await;
        // Whatever the node had gathered is saved with this.
        let id = desktop.send_without_waiting(ConversationId::generate(), "nowhere").await;
        assert_eq!(desktop.expect_error().await.id, Some(id));
        assert_eq!(read_seq(&desktop, &one).await, Seq(1), "round {round}");
    }
    // Once a node has told its connections, a mark counts there.
    desktop.send(&json!({ "type": "read", "conversation": lobby, "seq": 3 })).await;
    let is_read = async { while read_seq(&desktop, &other).await != Seq(3) {} };
    with_timeout("the read mark", is_read).await;
    conversation_settings::set(&mut phone, lobby, json!({ "muted": true })).await;
    desktop
        .expect("the muted Lobby", |frame| match frame {
            ServerFrame::Conversation(view) if view.muted => Some(()),
            _ => None,
        })
        .await;
}

#[tokio::test]
async fn a_nickname_is_taken_on_every_node() {
    let one = TestServer::start_node().await;
    let other = one.start_beside().await;
    let _ming = TestClient::guest(&one, "小明").await;
    let request = other.http(Method::POST, "/api/session").json(&json!({ "nickname": "小明" }));
    assert_eq!(request.send().await.expect("a response").status(), StatusCode::CONFLICT);
}

#[tokio::test]
async fn the_claim_token_of_one_node_is_good_on_the_other() {
    let one = TestServer::start_node().await;
    let other = one.start_beside().await;
    let claim = one.pages_api.claim_token().await.expect("a token");
    let guest = TestClient::guest(&other, "小明").await.token().to_owned();
    let wrong = json!({ "password": PASSWORD, "claim": "x".repeat(claim.len()) });
    assert_eq!(set_password(&other, &guest, wrong).await, StatusCode::FORBIDDEN);
    let right = json!({ "password": PASSWORD, "claim": claim });
    assert_eq!(set_password(&other, &guest, right).await, StatusCode::NO_CONTENT);
    assert_eq!(one.pages_api.claim_token().await, None, "there is an owner now");
    assert_eq!(other.pages_api.claim_token().await, None);
}

#[tokio::test]
async fn a_client_that_is_told_to_leave_goes_on_at_another_node() {
    let one = TestServer::start_node().await;
    let other = one.start_beside().await;
    let mut ming = TestClient::guest(&one, "小明").await;
    let mut ling = TestClient::guest(&other, "阿玲").await;
    ming.send_message("here").await;
    ling.expect_event("here").await;
    one.start_shutdown();
    let token = ming.token().to_owned();
    assert_eq!(ming.closed().await, Closed::Code(1012));
    let mut ming = TestClient::with_token(other.address, &token).await;
    ming.send_message("and there").await;
    ling.expect_event("and there").await;
    one.stop().await;
}

#[tokio::test]
async fn many_clients_are_told_to_leave_in_batches() {
    let server = TestServer::start_node_with(|config| {
        config.unlimited = true;
        // So long that the second batch is not told within the test.
        config.timing.drain_time = Duration::from_hours(1);
    })
    .await;
    let (reports, mut reported) = mpsc::unbounded_channel();
    let write = Arc::new(Notify::new());
    for number in 0..70 {
        let mut client = TestClient::guest(&server, &format!("Guest {number}")).await;
        let (reports, write) = (reports.clone(), Arc::clone(&write));
        tokio::spawn(async move {
            let mut may_write = pin!(write.notified());
            may_write.as_mut().enable();
            tokio::select! {
                closed = client.raw.closed() => assert_eq!(closed, Closed::Code(1012)),
                () = may_write => drop(client.send_message("I am still here").await),
            }
            reports.send(number).expect("a test that listens");
        });
    }
    server.start_shutdown();
    for _ in 0..50 {
        with_timeout("a client of the first batch", reported.recv()).await.expect("a report");
    }
    // Whoever was not told yet can go on.
    write.notify_waiters();
    for _ in 50..70 {
        with_timeout("an ack", reported.recv()).await.expect("a report");
    }
}
