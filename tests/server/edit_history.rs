//! The texts that a message has had, and what has changed since an event.

use reqwest::{Method, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::json;
use teahouse::{
    domain::{ChangesPage, ConversationId, MessageHistory, Seq},
    protocol::{ErrorCode, Problem},
};

use super::support::{TestClient, TestServer};

async fn get<T: DeserializeOwned>(
    server: &TestServer,
    client: &TestClient,
    conversation: ConversationId,
    path: &str,
) -> Result<T, (StatusCode, ErrorCode)> {
    let request = server.http(Method::GET, &format!("/api/conversations/{conversation}/{path}"));
    let response = request.bearer_auth(client.token()).send().await.expect("a response");
    let status = response.status();
    if status == StatusCode::OK {
        return Ok(response.json().await.expect("an answer"));
    }
    Err((status, response.json::<Problem>().await.expect("a problem").code))
}

fn texts(history: &MessageHistory) -> Vec<&str> {
    history.versions.iter().map(|version| version.body.as_str()).collect()
}

#[tokio::test]
async fn members_read_the_texts_of_a_message_until_it_is_deleted() {
    let server = TestServer::start().await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let ling = TestClient::guest(&server, "阿玲").await;
    let lobby = ming.lobby().id;
    let sent = ming.send_message("at seven").await;
    let edited = ming.change("edit", lobby, Seq(1), json!({ "body": "at eight" })).await;
    let history: MessageHistory = get(&server, &ling, lobby, "messages/1/history").await.expect("texts");
    assert_eq!(texts(&history), ["at seven", "at eight"]);
    assert_eq!([history.versions[0].at, history.versions[1].at], [sent.at, edited.at]);
    let unknown = (StatusCode::NOT_FOUND, ErrorCode::UnknownMessage);
    for path in ["messages/2/history", "messages/9/history"] {
        assert_eq!(get::<MessageHistory>(&server, &ling, lobby, path).await, Err(unknown), "{path}");
    }
    ming.change("delete", lobby, Seq(1), json!({})).await;
    assert_eq!(get::<MessageHistory>(&server, &ling, lobby, "messages/1/history").await, Err(unknown));

    let direct = ming.open_direct("阿玲").await.id;
    ming.send_message_to(direct, "between us").await;
    let stranger = TestClient::guest(&server, "new").await;
    let unknown = (StatusCode::NOT_FOUND, ErrorCode::UnknownConversation);
    assert_eq!(get::<MessageHistory>(&server, &stranger, direct, "messages/1/history").await, Err(unknown));
    assert_eq!(get::<MessageHistory>(&server, &stranger, direct, "messages/x/history").await, Err(unknown));
}

#[tokio::test]
async fn a_reader_who_was_away_learns_what_has_changed() {
    let server = TestServer::start().await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let ling = TestClient::guest(&server, "阿玲").await;
    let lobby = ming.lobby().id;
    for text in ["one", "two"] {
        ming.send_message(text).await;
    }
    ming.change("edit", lobby, Seq(1), json!({ "body": "one!" })).await;
    ming.send_message("new").await;
    ming.change("react", lobby, Seq(2), json!({ "emoji": "🍵", "on": true })).await;
    ming.change("edit", lobby, Seq(4), json!({ "body": "new!" })).await;
    let page: ChangesPage = get(&server, &ling, lobby, "changes?after=2").await.expect("changes");
    let seqs: Vec<u64> = page.events.iter().map(|event| event.seq.0).collect();
    assert_eq!((seqs, page.as_of, page.more), (vec![3, 5], Seq(6), false), "what is new itself is no change");
    let page: ChangesPage = get(&server, &ling, lobby, "changes?after=2&limit=1").await.expect("changes");
    assert_eq!((page.events.len(), page.more), (1, true));
    let bad = get::<ChangesPage>(&server, &ling, lobby, "changes").await;
    assert_eq!(bad, Err((StatusCode::BAD_REQUEST, ErrorCode::BadFrame)));
}
