//! A disk quota refuses new data, as a full disk does. Users can still read and delete.

use reqwest::{Method, StatusCode};
use serde_json::json;
use teahouse::{
    domain::{CommandId, ConversationId, MessagesPage, Seq},
    protocol::{ErrorCode, ErrorFrame, Problem, ServerFrame},
};

use super::support::{TestClient, TestServer, only_on_sqlite, with_timeout};

async fn server_with_quota() -> TestServer {
    TestServer::start_with(|config| {
        config.unlimited = true;
        config.disk_quota = Some("3MB".parse().expect("a size"));
    })
    .await
}

/// Sends a message. Returns its seq, or the error.
async fn try_send(client: &mut TestClient, conversation: ConversationId, body: &str) -> Result<Seq, ErrorFrame> {
    let id = client.send_without_waiting(conversation, body).await;
    let response = client.expect("a reply", |frame| match frame {
        ServerFrame::Ack { id: acked, seq, .. } if *acked == id => Some(Ok(seq.expect("a seq"))),
        ServerFrame::Error(error) if error.id == Some(id) => Some(Err(error.clone())),
        _ => None,
    });
    response.await
}

async fn history(server: &TestServer, client: &TestClient) -> MessagesPage {
    let request = server.http(Method::GET, "/api/conversations/lobby/messages?limit=200").bearer_auth(client.token());
    request.send().await.expect("a response").json().await.expect("a page")
}

#[tokio::test]
async fn a_full_quota_refuses_new_data_until_something_is_deleted() {
    if only_on_sqlite("the quota is of the data folder") {
        return;
    }
    let server = server_with_quota().await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let _ling = TestClient::guest(&server, "Ling").await;
    let lobby = ming.lobby().id;
    let direct = ming.open_direct("Ling").await.id;
    let long = "好".repeat(4_000);
    let mut sent = Vec::new();
    let error = loop {
        match try_send(&mut ming, lobby, &long).await {
            Ok(seq) => sent.push(seq),
            Err(error) => break error,
        }
        assert!(sent.len() < 10_000, "the quota is never used up");
    };
    assert_eq!(error.code, ErrorCode::StorageUnavailable);
    assert!(error.message.contains("quota"), "{}", error.message);

    let id = CommandId::generate();
    ming.send(&json!({ "type": "edit", "id": id, "conversation": lobby, "seq": sent[0], "body": "shorter" })).await;
    assert_eq!(ming.expect_error().await.code, ErrorCode::StorageUnavailable);
    let request = server.http(Method::POST, "/api/session").json(&json!({ "nickname": "Bob" }));
    let response = request.send().await.expect("a response");
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(response.json::<Problem>().await.expect("a problem").detail.contains("quota"));

    assert_eq!(history(&server, &ming).await.messages.last().map(|message| message.seq), sent.last().copied());
    assert_eq!(ming.open_direct("Ling").await.id, direct, "an existing direct can be opened");
    assert!(try_send(&mut ming, direct, "hi").await.is_err());
    for seq in sent {
        ming.change("delete", lobby, seq, json!({})).await;
    }
    with_timeout("space after the deletions", async {
        while try_send(&mut ming, lobby, "room again").await.is_err() {}
    })
    .await;
}

#[tokio::test]
async fn a_repeat_is_acked_even_when_the_quota_is_full() {
    if only_on_sqlite("the quota is of the data folder") {
        return;
    }
    let server = server_with_quota().await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let lobby = ming.lobby().id;
    let first = ming.send_without_waiting(lobby, "first").await;
    let ack = ming.expect_ack(first).await;
    let long = "好".repeat(4_000);
    while try_send(&mut ming, lobby, &long).await.is_ok() {}
    ming.send_with_id(first, lobby, "first").await;
    assert_eq!(ming.expect_ack(first).await, ack);
}
