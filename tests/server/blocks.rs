//! Blocks: a blocked user cannot reach the user who blocked them, and does not notice.

use reqwest::{Method, StatusCode};
use serde_json::json;
use teahouse::{
    domain::{CommandId, ConversationId, ConversationList, Seq, User, UserId},
    protocol::{BlockList, ErrorCode, Problem, ServerFrame},
};

use super::support::{TestClient, TestServer, event_text};

/// Blocks a user (`PUT`) or unblocks them (`DELETE`). Returns the status.
async fn set_block(server: &TestServer, client: &TestClient, method: Method, user: UserId) -> StatusCode {
    let request = server.http(method, &format!("/api/blocks/{user}")).bearer_auth(client.token());
    request.send().await.expect("a response").status()
}

/// Blocks a user and waits for the `block` frame.
async fn block(server: &TestServer, client: &mut TestClient, user: &User) {
    assert_eq!(set_block(server, client, Method::PUT, user.id).await, StatusCode::NO_CONTENT);
    expect_block(client, user, true).await;
}

async fn unblock(server: &TestServer, client: &mut TestClient, user: &User) {
    assert_eq!(set_block(server, client, Method::DELETE, user.id).await, StatusCode::NO_CONTENT);
    expect_block(client, user, false).await;
}

async fn expect_block(client: &mut TestClient, expected: &User, is_on: bool) {
    client
        .expect("a block", |frame| match frame {
            ServerFrame::Block { user, on } if user.id == expected.id && *on == is_on => Some(()),
            _ => None,
        })
        .await;
}

async fn blocks(server: &TestServer, client: &TestClient) -> Vec<UserId> {
    let request = server.http(Method::GET, "/api/blocks").bearer_auth(client.token());
    let list: BlockList = request.send().await.expect("a response").json().await.expect("a list");
    list.blocks.into_iter().map(|user| user.id).collect()
}

async fn directs(server: &TestServer, client: &TestClient) -> Vec<ConversationId> {
    let request = server.http(Method::GET, "/api/conversations").bearer_auth(client.token());
    let list: ConversationList = request.send().await.expect("a response").json().await.expect("a list");
    list.conversations.into_iter().map(|conversation| conversation.id).filter(|id| *id != client.lobby().id).collect()
}

/// Returns all frames before the event with the text `last`.
async fn frames_until(client: &mut TestClient, last: &str) -> Vec<ServerFrame> {
    let mut frames = Vec::new();
    loop {
        let frame = client.next().await;
        if matches!(&frame, ServerFrame::Event(event) if event_text(event) == last) {
            return frames;
        }
        frames.push(frame);
    }
}

#[tokio::test]
async fn a_blocked_users_directs_are_silent_and_the_blocked_user_does_not_notice() {
    let server = TestServer::start().await;
    let mut ada = TestClient::guest(&server, "Ada").await;
    let mut bob = TestClient::guest(&server, "Bob").await;
    let mut carol = TestClient::guest(&server, "Carol").await;
    let direct = bob.open_direct("Ada").await.id;
    bob.send_message_to(direct, "before").await;
    ada.expect_event("before").await;
    let conversation_frame = |frame: &ServerFrame| matches!(frame, ServerFrame::Conversation(_)).then_some(());
    ada.expect("the direct", conversation_frame).await;
    let mut phone = ada.connect_again(&server).await;

    block(&server, &mut ada, &bob.user()).await;
    expect_block(&mut phone, &bob.user(), true).await;
    for client in [&mut ada, &mut phone] {
        let removed = |frame: &ServerFrame| matches!(frame, ServerFrame::ConversationRemoved { id } if *id == direct);
        client.expect("the direct to be removed", |frame| removed(frame).then_some(())).await;
    }

    // Bob notices nothing.
    let ack = bob.send_message_to(direct, "while blocked").await;
    assert_eq!(ack.seq, Some(Seq(2)));
    bob.expect_event("while blocked").await;
    bob.send(&json!({ "type": "typing", "conversation": direct })).await;
    bob.change("react", direct, Seq(1), json!({ "emoji": "🍵", "on": true })).await;
    bob.send_message("to everyone").await;
    carol.expect_event("to everyone").await;

    for client in [&mut ada, &mut phone] {
        let frames = frames_until(client, "to everyone").await;
        let mentions_direct =
            |frame: &&ServerFrame| serde_json::to_string(frame).expect("JSON").contains(&direct.to_string());
        assert_eq!(frames.iter().filter(mentions_direct).collect::<Vec<_>>(), Vec::<&ServerFrame>::new());
    }
    let back = ada.connect_again(&server).await;
    assert!(back.welcome.conversations.iter().all(|conversation| conversation.id != direct));
    assert_eq!(back.welcome.blocks, [bob.user()]);
    assert_eq!(directs(&server, &ada).await, []);
    let path = format!("/api/conversations/{direct}/messages");
    let page = server.http(Method::GET, &path).bearer_auth(ada.token()).send().await.expect("a response");
    assert_eq!(page.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_blocked_users_messages_are_there_after_unblocking_and_not_unread() {
    let server = TestServer::start().await;
    let mut ada = TestClient::guest(&server, "Ada").await;
    let mut bob = TestClient::guest(&server, "Bob").await;
    let direct = bob.open_direct("Ada").await.id;
    bob.send_message_to(direct, "one").await;
    ada.expect_event("one").await;
    block(&server, &mut ada, &bob.user()).await;
    bob.send_message_to(direct, "two").await;
    unblock(&server, &mut ada, &bob.user()).await;
    assert_eq!(directs(&server, &ada).await, [], "unblocking alone does not list the direct again");

    bob.send_message_to(direct, "three").await;
    let received = ada.expect("the direct, before the event", |frame| match frame {
        ServerFrame::Conversation(conversation) if conversation.id == direct && conversation.last_seq == Seq(2) => {
            Some(conversation.clone())
        }
        _ => None,
    });
    assert_eq!(received.await.unread, 0);
    assert_eq!(ada.expect_event("three").await.seq, Seq(3), "in order, without gaps");
    assert_eq!(ada.open_direct("Bob").await.unread, 1);
}

#[tokio::test]
async fn a_direct_opened_by_a_blocked_user_stays_hidden() {
    let server = TestServer::start().await;
    let mut ada = TestClient::guest(&server, "Ada").await;
    let mut bob = TestClient::guest(&server, "Bob").await;
    block(&server, &mut ada, &bob.user()).await;
    let direct = bob.open_direct("Ada").await.id;
    bob.send_message_to(direct, "hello?").await;
    bob.send_message("to everyone").await;
    let frames = frames_until(&mut ada, "to everyone").await;
    assert!(frames.iter().all(|frame| !matches!(frame, ServerFrame::Conversation(_) | ServerFrame::Event(_))));
    assert_eq!(directs(&server, &ada).await, []);

    let id = CommandId::generate();
    ada.send(&json!({ "type": "open_direct", "id": id, "user": bob.user().id })).await;
    assert_eq!(ada.expect_error().await.code, ErrorCode::Blocked, "Ada has to unblock Bob first");
    ada.send_without_waiting(direct, "no").await;
    assert_eq!(ada.expect_error().await.code, ErrorCode::Blocked);
}

#[tokio::test]
async fn rooms_deliver_events_of_blocked_users_without_counting_them_as_unread() {
    let server = TestServer::start().await;
    let mut ada = TestClient::guest(&server, "Ada").await;
    let mut bob = TestClient::guest(&server, "Bob").await;
    let mut carol = TestClient::guest(&server, "Carol").await;
    block(&server, &mut ada, &bob.user()).await;
    bob.send_message("from Bob").await;
    carol.send_message("from Carol").await;
    assert_eq!(ada.message_texts_until("from Carol").await, ["from Bob", "from Carol"]);
    assert_eq!(ada.connect_again(&server).await.lobby().unread, 1);
    assert_eq!(carol.connect_again(&server).await.lobby().unread, 0, "writing marks earlier messages as read");
}

#[tokio::test]
async fn blocking_is_idempotent_limited_and_survives_a_restart() {
    let server = TestServer::start_with(|config| config.unlimited = true).await;
    let ada = TestClient::guest(&server, "Ada").await;
    let bob = TestClient::guest(&server, "Bob").await.user();
    for _ in 0..2 {
        assert_eq!(set_block(&server, &ada, Method::PUT, bob.id).await, StatusCode::NO_CONTENT);
    }
    assert_eq!(blocks(&server, &ada).await, [bob.id]);
    let server = server.restart().await;
    assert_eq!(blocks(&server, &ada).await, [bob.id]);
    for _ in 0..2 {
        assert_eq!(set_block(&server, &ada, Method::DELETE, bob.id).await, StatusCode::NO_CONTENT);
    }
    assert_eq!(blocks(&server, &ada).await, []);

    assert_eq!(set_block(&server, &ada, Method::PUT, ada.user().id).await, StatusCode::BAD_REQUEST);
    for unknown_user in [UserId::generate(), UserId::SYSTEM] {
        assert_eq!(set_block(&server, &ada, Method::PUT, unknown_user).await, StatusCode::NOT_FOUND);
    }
    let insert_blocks = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200)
        INSERT INTO users (id, nickname, created_at) SELECT randomblob(16), 'Crowd', 1 FROM n;
        INSERT INTO blocks SELECT (SELECT number FROM users WHERE nickname = 'Ada'), number, 1 FROM users WHERE nickname = 'Crowd'";
    server.tamper(insert_blocks).expect("rows");
    let request = server.http(Method::PUT, &format!("/api/blocks/{}", bob.id)).bearer_auth(ada.token());
    let problem: Problem = request.send().await.expect("a response").json().await.expect("a problem");
    assert_eq!(problem.code, ErrorCode::TooManyBlocks);
    assert_eq!(blocks(&server, &ada).await.len(), 200);
}

#[tokio::test]
async fn a_hidden_direct_comes_back_with_the_next_message() {
    let server = TestServer::start().await;
    let mut ada = TestClient::guest(&server, "Ada").await;
    let mut bob = TestClient::guest(&server, "Bob").await;
    let direct = bob.open_direct("Ada").await.id;
    bob.send_message_to(direct, "one").await;
    ada.expect_event("one").await;
    let mut phone = ada.connect_again(&server).await;
    let hide = |id: ConversationId| {
        server.http(Method::DELETE, &format!("/api/conversations/{id}")).bearer_auth(ada.token()).send()
    };
    for _ in 0..2 {
        assert_eq!(hide(direct).await.expect("a response").status(), StatusCode::NO_CONTENT);
    }
    assert_eq!(hide(ada.lobby().id).await.expect("a response").status(), StatusCode::BAD_REQUEST);
    assert_eq!(hide(ConversationId::generate()).await.expect("a response").status(), StatusCode::NOT_FOUND);
    let removed = |frame: &ServerFrame| matches!(frame, ServerFrame::ConversationRemoved { .. }).then_some(());
    phone.expect("the direct to be removed on the other connection", removed).await;
    assert_eq!(directs(&server, &ada).await, []);
    assert_eq!(directs(&server, &bob).await, [direct], "Bob's list is unchanged");

    bob.send_message_to(direct, "two").await;
    let received = phone.expect("the direct", |frame| match frame {
        ServerFrame::Conversation(conversation) => Some(conversation.clone()),
        _ => None,
    });
    assert_eq!(received.await.id, direct);
    assert_eq!(phone.expect_event("two").await.seq, Seq(2));
    assert_eq!(directs(&server, &ada).await, [direct]);
    let back = ada.connect_again(&server).await;
    let listed = back.welcome.conversations.iter().find(|conversation| conversation.id == direct).expect("the direct");
    assert_eq!(listed.unread, 1, "messages from before it was hidden count as read");
}
