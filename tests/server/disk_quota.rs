//! A disk quota refuses what is new, as a full disk does, and lets people read and make room.

use reqwest::{Method, StatusCode};
use serde_json::json;
use teahouse::{
    domain::{CommandId, ConversationId, MessagesPage, Seq},
    protocol::{ErrorCode, ErrorFrame, Problem, ServerFrame},
};

use super::support::{TestClient, TestServer, with_timeout};

async fn server() -> TestServer {
    TestServer::start_with(|config| {
        config.unlimited = true;
        config.disk_quota = Some("3MB".parse().expect("a size"));
    })
    .await
}

/// The place of what was posted, or why it was refused.
async fn post(client: &mut TestClient, conversation: ConversationId, body: &str) -> Result<Seq, ErrorFrame> {
    let id = client.send_without_waiting(conversation, body).await;
    let answer = client.expect("an answer", |frame| match frame {
        ServerFrame::Ack { id: acked, seq, .. } if *acked == id => Some(Ok(seq.expect("a place"))),
        ServerFrame::Error(error) if error.id == Some(id) => Some(Err(error.clone())),
        _ => None,
    });
    answer.await
}

async fn history(server: &TestServer, client: &TestClient) -> MessagesPage {
    let request = server.http(Method::GET, "/api/conversations/lobby/messages?limit=200").bearer_auth(client.token());
    request.send().await.expect("an answer").json().await.expect("a page")
}

#[tokio::test]
async fn a_full_quota_refuses_new_data_until_something_is_deleted() {
    let server = server().await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let _ling = TestClient::guest(&server, "Ling").await;
    let lobby = ming.lobby().id;
    let direct = ming.open_direct("Ling").await.id;
    let long = "好".repeat(4_000);
    let mut said = Vec::new();
    let refused = loop {
        match post(&mut ming, lobby, &long).await {
            Ok(seq) => said.push(seq),
            Err(refused) => break refused,
        }
        assert!(said.len() < 10_000, "the quota is never used up");
    };
    assert_eq!(refused.code, ErrorCode::StorageUnavailable);
    assert!(refused.message.contains("quota"), "{}", refused.message);

    let id = CommandId::generate();
    ming.send(&json!({ "type": "edit", "id": id, "conversation": lobby, "seq": said[0], "body": "shorter" })).await;
    assert_eq!(ming.expect_error().await.code, ErrorCode::StorageUnavailable);
    let request = server.http(Method::POST, "/api/session").json(&json!({ "nickname": "Bob" }));
    let answer = request.send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.json::<Problem>().await.expect("a problem").detail.contains("quota"));

    assert_eq!(history(&server, &ming).await.messages.last().map(|message| message.seq), said.last().copied());
    assert_eq!(ming.open_direct("Ling").await.id, direct, "a direct that is there can be opened");
    assert!(post(&mut ming, direct, "hi").await.is_err());
    for seq in said {
        ming.change("delete", lobby, seq, json!({})).await;
    }
    with_timeout("room for more", async { while post(&mut ming, lobby, "room again").await.is_err() {} }).await;
}

#[tokio::test]
async fn a_repeat_is_acked_even_when_the_quota_is_full() {
    let server = server().await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let lobby = ming.lobby().id;
    let first = ming.send_without_waiting(lobby, "first").await;
    let place = ming.expect_ack(first).await;
    let long = "好".repeat(4_000);
    while post(&mut ming, lobby, &long).await.is_ok() {}
    ming.send_with_id(first, lobby, "first").await;
    assert_eq!(ming.expect_ack(first).await, place);
}
