//! Pinned messages.

use reqwest::{Method, StatusCode};
use serde_json::json;
use teahouse::{
    domain::{CommandId, ConversationId, EventKind, PinnedMessages, Seq},
    protocol::{ErrorCode, Problem, ServerFrame},
};

use super::support::{TestClient, TestServer, register_user};

async fn pins(server: &TestServer, client: &TestClient, conversation: ConversationId) -> PinnedMessages {
    let request = server.http(Method::GET, &format!("/api/conversations/{conversation}/pins"));
    let response = request.bearer_auth(client.token()).send().await.expect("a response");
    assert_eq!(response.status(), StatusCode::OK);
    response.json().await.expect("pinned messages")
}

fn seqs(pinned: &PinnedMessages) -> Vec<u64> {
    pinned.messages.iter().map(|message| message.seq.0).collect()
}

#[tokio::test]
async fn a_pin_is_an_event_and_changes_the_message() {
    let server = TestServer::start().await;
    let (mut owner, _token) = register_user(&server, "老板").await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let lobby = ming.lobby().id;
    for text in ["one", "two"] {
        ming.send_message(text).await;
    }
    let pinned = owner.change("pin", lobby, Seq(1), json!({ "on": true })).await;
    let event = ming.expect("a pin", |frame| match frame {
        ServerFrame::Event(event) if matches!(event.kind, EventKind::Pin { .. }) => Some(event.clone()),
        _ => None,
    });
    let event = event.await;
    assert_eq!((Some(event.seq), event.author), (pinned.seq, owner.user()));
    assert_eq!(event.kind, EventKind::Pin { seq: Seq(1), on: true });
    owner.change("pin", lobby, Seq(2), json!({ "on": true })).await;
    let found = pins(&server, &ming, lobby).await;
    assert_eq!((seqs(&found), found.as_of), (vec![2, 1], Seq(4)));
    assert!(found.messages.iter().all(|message| message.pinned));
    assert_eq!(found.messages[1].revision, Seq(3));
    owner.change("pin", lobby, Seq(2), json!({ "on": false })).await;
    ming.change("delete", lobby, Seq(1), json!({})).await;
    assert_eq!(seqs(&pins(&server, &ming, lobby).await), [0; 0]);
}

#[tokio::test]
async fn members_pin_in_directs_only() {
    let server = TestServer::start().await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let mut ling = TestClient::guest(&server, "阿玲").await;
    let lobby = ming.lobby().id;
    ming.send_message("here").await;
    let id = CommandId::generate();
    ming.send(&json!({ "type": "pin", "id": id, "conversation": lobby, "seq": 1, "on": true })).await;
    assert_eq!(ming.expect_error().await.code, ErrorCode::Forbidden);
    let direct = ming.open_direct("阿玲").await.id;
    ming.send_message_to(direct, "between us").await;
    ling.expect_event("between us").await;
    ling.change("pin", direct, Seq(1), json!({ "on": true })).await;
    assert_eq!(seqs(&pins(&server, &ming, direct).await), [1]);
    // Strangers learn nothing.
    let stranger = TestClient::guest(&server, "new").await;
    let request = server.http(Method::GET, &format!("/api/conversations/{direct}/pins"));
    let response = request.bearer_auth(stranger.token()).send().await.expect("a response");
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    assert_eq!(response.json::<Problem>().await.expect("a problem").code, ErrorCode::UnknownConversation);
}
