//! Replies and threads.

use reqwest::{Method, StatusCode};
use serde_json::json;
use teahouse::{
    domain::{CommandId, ConversationId, Event, EventKind, MentionPage, MessagesPage, Reply, Seq, ThreadPage, UserId},
    protocol::ErrorCode,
};

use super::support::{Ack, TestClient, TestServer};

async fn send_reply(client: &mut TestClient, conversation: ConversationId, body: &str, to: Seq) -> CommandId {
    let id = CommandId::generate();
    let frame = json!({ "type": "send", "id": id, "conversation": conversation, "body": body, "reply_to": to });
    client.send(&frame).await;
    id
}

/// Replies to a message of the Lobby. Returns the seq of the reply.
async fn reply(client: &mut TestClient, body: &str, to: Seq) -> Seq {
    let lobby = client.lobby().id;
    let id = send_reply(client, lobby, body, to).await;
    client.expect_ack(id).await.seq.expect("a seq")
}

async fn mute(client: &mut TestClient, thread: Seq, on: bool) -> Ack {
    let (id, lobby) = (CommandId::generate(), client.lobby().id);
    client.send(&json!({ "type": "mute_thread", "id": id, "conversation": lobby, "thread": thread, "on": on })).await;
    client.expect_ack(id).await
}

fn participants(event: &Event) -> &[UserId] {
    match &event.kind {
        EventKind::Message { participants, .. } => participants,
        other => panic!("not a message: {other:?}"),
    }
}

async fn thread(server: &TestServer, reader: &TestClient, first: Seq, query: &str) -> ThreadPage {
    let path = format!("/api/conversations/{}/threads/{first}{query}", reader.lobby().id);
    let response = server.http(Method::GET, &path).bearer_auth(reader.token()).send().await.expect("a response");
    response.json().await.expect("a thread")
}

fn seqs(page: &MessagesPage) -> Vec<Seq> {
    page.messages.iter().map(|message| message.seq).collect()
}

#[tokio::test]
async fn a_reply_to_a_reply_is_in_the_same_thread_and_counted_by_its_first_message() {
    let server = TestServer::start().await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let mut ling = TestClient::guest(&server, "阿玲").await;
    let first = ming.send_message("first").await.seq.expect("a seq");
    let second = reply(&mut ling, "second", first).await;
    let third = reply(&mut ming, "third", second).await;
    let event = ling.expect_event("third").await;
    assert_eq!(event.kind.reply(), Some(Reply { to: second, thread: first }));
    assert_eq!(participants(&event), [ling.user().id]);
    let page = thread(&server, &ling, first, "").await;
    assert_eq!(seqs(&page.page), [first, second, third]);
    assert_eq!((page.page.messages[0].replies, page.page.messages[0].revision), (2, third));
    assert_eq!(page.page.messages[2].reply, Some(Reply { to: second, thread: first }));
    assert!(!page.muted && !page.page.more);
    let page = thread(&server, &ling, first, "?limit=1").await;
    assert_eq!((seqs(&page.page), page.page.more), (vec![first, third], true));
    let page = thread(&server, &ling, first, &format!("?before={third}")).await;
    assert_eq!(seqs(&page.page), [first, second]);
}

#[tokio::test]
async fn who_wrote_in_a_thread_hears_of_replies_unless_they_muted_it() {
    let server = TestServer::start().await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let mut ling = TestClient::guest(&server, "阿玲").await;
    let mut bob = TestClient::guest(&server, "Bob").await;
    let first = ming.send_message("first").await.seq.expect("a seq");
    reply(&mut ling, "one", first).await;
    reply(&mut bob, "two", first).await;
    let heard = |event: &Event| participants(event).to_vec();
    assert_eq!(heard(&bob.expect_event("two").await), [ling.user().id, ming.user().id]);
    assert_eq!(mute(&mut ming, first, true).await.seq, None);
    assert!(thread(&server, &ming, first, "").await.muted);
    reply(&mut bob, "three", first).await;
    assert_eq!(heard(&bob.expect_event("three").await), [ling.user().id]);
    reply(&mut ling, "@小明 four", first).await;
    let event = bob.expect_event("@小明 four").await;
    assert_eq!((heard(&event), event.kind.mentions().len()), (vec![bob.user().id], 1));
    mute(&mut ming, first, false).await;
    reply(&mut bob, "five", first).await;
    assert_eq!(heard(&bob.expect_event("five").await), [ling.user().id, ming.user().id]);
    let told = server.http(Method::GET, "/api/mentions").bearer_auth(ming.token()).send().await.expect("a response");
    let told: MentionPage = told.json().await.expect("mentions");
    let texts: Vec<&str> = told.mentions.iter().map(|told| told.message.body.as_str()).collect();
    assert_eq!(texts, ["five", "@小明 four", "two", "one"]);
}

#[tokio::test]
async fn a_deleted_message_can_be_answered_and_a_missing_one_cannot() {
    let server = TestServer::start().await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let lobby = ming.lobby().id;
    let first = ming.send_message("first").await.seq.expect("a seq");
    ming.change("delete", lobby, first, json!({})).await;
    let answer = reply(&mut ming, "an answer", first).await;
    let page = thread(&server, &ming, first, "").await;
    assert_eq!(seqs(&page.page), [first, answer]);
    assert!(page.page.messages[0].deleted && page.page.messages[0].replies == 1);
    for missing in [Seq(999), Seq(0), Seq(2)] {
        send_reply(&mut ming, lobby, "lost", missing).await;
        assert_eq!(ming.expect_error().await.code, ErrorCode::UnknownMessage, "{missing}");
    }
    for (path, status) in [
        (format!("/api/conversations/{lobby}/threads/{answer}"), StatusCode::NOT_FOUND),
        (format!("/api/conversations/{lobby}/threads/999"), StatusCode::NOT_FOUND),
        (format!("/api/conversations/{lobby}/messages?seqs=1,x"), StatusCode::BAD_REQUEST),
        (format!("/api/conversations/{lobby}/messages?seqs=1&limit=2"), StatusCode::BAD_REQUEST),
    ] {
        let response = server.http(Method::GET, &path).bearer_auth(ming.token()).send().await.expect("a response");
        assert_eq!(response.status(), status, "{path}");
    }
}
