//! Whatever comes in: it is answered as specified, nothing is stored, and the server goes on.

use futures_util::SinkExt as _;
use serde_json::json;
use teahouse::{
    domain::{CommandId, ConversationId, Seq},
    protocol::{ErrorCode, MAX_FRAME_BYTES, ServerFrame},
};
use tokio_tungstenite::tungstenite::Message;

use super::support::{Closed, RawClient, StoredCounts, TestClient, TestServer, with_timeout};

/// Asserts that nothing but `before` is stored, and that the server serves.
async fn is_unharmed(server: &TestServer, before: StoredCounts) {
    assert_eq!(server.stored_counts(), before, "nothing is stored");
    let mut witness = TestClient::guest(server, "witness").await;
    assert_eq!(witness.send_message("the house stands").await.seq, Some(Seq(1)));
}

async fn first_frame(server: &TestServer, message: Message) -> (ErrorCode, Closed) {
    let mut raw = RawClient::connect(server, "/ws").await;
    with_timeout("a frame to be sent", raw.socket.send(message)).await.expect("an open socket");
    match serde_json::from_value(raw.next_json().await) {
        Ok(ServerFrame::Error(error)) => (error.code, raw.closed().await),
        other => panic!("no error: {other:?}"),
    }
}

#[tokio::test]
async fn broken_json_is_an_error_and_keeps_the_connection() {
    let server = TestServer::start().await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let before = server.stored_counts();
    for text in ["{", "", "null", "[]", "\"send\"", "{\"type\":\"send\"", "\u{0}"] {
        ming.raw.send_text(text).await;
        assert_eq!(ming.expect_error().await.code, ErrorCode::BadFrame, "{text:?}");
    }
    is_unharmed(&server, before).await;
    ming.expect_event("the house stands").await;
}

#[tokio::test]
async fn an_unknown_type_is_an_error_that_names_the_command() {
    let server = TestServer::start().await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let before = server.stored_counts();
    let id = CommandId::generate();
    ming.send(&json!({ "type": "dance", "id": id })).await;
    let error = ming.expect_error().await;
    assert_eq!((error.code, error.id), (ErrorCode::UnknownType, Some(id)));
    is_unharmed(&server, before).await;
    ming.expect_event("the house stands").await;
}

#[tokio::test]
async fn wrong_ids_are_errors() {
    let server = TestServer::start().await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let before = server.stored_counts();
    let (id, lobby) = (CommandId::generate(), ming.lobby().id);
    for (frame, expected, code) in [
        (json!({ "type": "send", "id": id, "conversation": "lobby", "body": "x" }), Some(id), ErrorCode::BadFrame),
        (json!({ "type": "send", "id": "one", "conversation": lobby, "body": "x" }), None, ErrorCode::BadFrame),
        (json!({ "type": "send", "conversation": lobby, "body": "x" }), None, ErrorCode::BadFrame),
        (json!({ "type": "send", "id": id, "conversation": lobby, "body": 7 }), Some(id), ErrorCode::BadFrame),
        (
            json!({ "type": "send", "id": id, "conversation": ConversationId::generate(), "body": "x" }),
            Some(id),
            ErrorCode::UnknownConversation,
        ),
        (json!({ "type": "read", "conversation": lobby, "seq": -1 }), None, ErrorCode::BadFrame),
    ] {
        ming.send(&frame).await;
        let error = ming.expect_error().await;
        assert_eq!((error.id, error.code), (expected, code), "{frame}");
    }
    is_unharmed(&server, before).await;
    ming.expect_event("the house stands").await;
}

#[tokio::test]
async fn invalid_messages_are_errors() {
    let server = TestServer::start().await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let before = server.stored_counts();
    let lobby = ming.lobby().id;
    for (body, code) in [
        ("", ErrorCode::EmptyMessage),
        (" \n ", ErrorCode::EmptyMessage),
        ("\u{200b}", ErrorCode::EmptyMessage),
        (&*"好".repeat(4_001), ErrorCode::MessageTooLong),
    ] {
        let id = ming.send_without_waiting(lobby, body).await;
        let error = ming.expect_error().await;
        assert_eq!((error.id, error.code), (Some(id), code));
    }
    is_unharmed(&server, before).await;
}

#[tokio::test]
async fn a_second_hello_is_an_error_and_keeps_the_connection() {
    let server = TestServer::start().await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let before = server.stored_counts();
    ming.send(&json!({ "type": "hello", "protocol": 1, "nickname": "somebody else" })).await;
    assert_eq!(ming.expect_error().await.code, ErrorCode::AlreadyGreeted);
    is_unharmed(&server, before).await;
    ming.expect_event("the house stands").await;
}

#[tokio::test]
async fn too_large_frames_close_the_connection_with_a_readable_reason() {
    let server = TestServer::start_with(|config| config.unlimited = true).await;
    let before = server.stored_counts();
    let bodies = [MAX_FRAME_BYTES + 1, 1024 * 1024];
    for path in ["/ws", "/visitor"] {
        for bytes in bodies {
            let mut raw = RawClient::connect(&server, path).await;
            // The server may close before it has read it all.
            let _ = with_timeout("the frame to be sent", raw.socket.send(Message::text("x".repeat(bytes)))).await;
            assert_eq!(raw.closed().await, Closed::Code(1009), "{bytes} bytes on {path}");
        }
    }
    let visitors = server.stored_counts().users - before.users;
    assert_eq!(visitors, 2, "only the simple protocol lets people in before they say something");
    assert_eq!(server.stored_counts().events, 0);

    let mut ming = TestClient::guest(&server, "小明").await;
    let lobby = ming.lobby().id;
    let padding = "x".repeat(MAX_FRAME_BYTES);
    ming.send(&json!({ "type": "send", "id": CommandId::generate(), "conversation": lobby, "body": padding })).await;
    assert_eq!(ming.closed().await, Closed::Code(1009));
    assert_eq!(server.stored_counts().events, 0);
    TestClient::guest(&server, "witness").await.send_message("the house stands").await;
}

#[tokio::test]
async fn fragments_cannot_exceed_the_size_limit() {
    use tokio_tungstenite::tungstenite::protocol::frame::{
        Frame,
        coding::{Data, OpCode},
    };

    let server = TestServer::start().await;
    let before = server.stored_counts();
    let mut raw = RawClient::connect(&server, "/ws").await;
    for piece in 0..20 {
        let kind = if piece == 0 { Data::Text } else { Data::Continue };
        let frame = Frame::message(vec![b'x'; 8 * 1024], OpCode::Data(kind), false);
        if raw.socket.send(Message::Frame(frame)).await.is_err() {
            break;
        }
    }
    assert_eq!(raw.closed().await, Closed::Code(1009));
    is_unharmed(&server, before).await;
}

#[tokio::test]
async fn a_binary_frame_closes_the_connection() {
    let server = TestServer::start().await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let before = server.stored_counts();
    ming.raw.socket.send(Message::binary(b"{\"type\":\"ping\"}".to_vec())).await.expect("an open socket");
    assert_eq!(ming.expect_error().await.code, ErrorCode::BadFrame);
    assert_eq!(ming.closed().await, Closed::Code(4400));
    let binary_hello = first_frame(&server, Message::binary(vec![0; 10])).await;
    assert_eq!(binary_hello, (ErrorCode::BadFrame, Closed::Code(4400)));
    is_unharmed(&server, before).await;
}

#[tokio::test]
async fn invalid_utf_8_closes_the_connection() {
    use tokio_tungstenite::tungstenite::protocol::frame::{
        Frame,
        coding::{Data, OpCode},
    };

    let server = TestServer::start().await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let before = server.stored_counts();
    let frame = Frame::message(vec![0xff, 0xfe], OpCode::Data(Data::Text), true);
    ming.raw.socket.send(Message::Frame(frame)).await.expect("an open socket");
    assert_eq!(ming.closed().await, Closed::Code(1007));
    is_unharmed(&server, before).await;
}

#[tokio::test]
async fn commands_before_hello_close_the_connection() {
    let server = TestServer::start().await;
    let before = server.stored_counts();
    let send =
        json!({ "type": "send", "id": CommandId::generate(), "conversation": ConversationId::generate(), "body": "x" });
    for (text, code) in [
        (send.to_string(), ErrorCode::HelloFirst),
        (json!({ "type": "ping" }).to_string(), ErrorCode::HelloFirst),
        ("{".to_owned(), ErrorCode::BadFrame),
        (json!({ "type": "hello" }).to_string(), ErrorCode::BadFrame),
        (json!({ "type": "dance" }).to_string(), ErrorCode::UnknownType),
    ] {
        assert_eq!(first_frame(&server, Message::text(text.clone())).await, (code, Closed::Code(4400)), "{text}");
    }
    is_unharmed(&server, before).await;
}

#[tokio::test]
async fn a_silent_connection_is_closed() {
    let server =
        TestServer::start_with(|config| config.timing.hello_timeout = std::time::Duration::from_millis(50)).await;
    let before = server.stored_counts();
    let mut raw = RawClient::connect(&server, "/ws").await;
    assert_eq!(raw.closed().await, Closed::Code(4408));
    is_unharmed(&server, before).await;
}

#[tokio::test]
async fn an_upgrade_from_another_origin_is_refused() {
    let server = TestServer::start_with(|config| config.allow_origin = vec!["https://friend.example".into()]).await;
    let before = server.stored_counts();
    for origin in ["https://evil.example", "http://127.0.0.1:1", "null"] {
        let refused = RawClient::connect_with(server.address, "/ws", &[("origin", origin)]).await.err();
        let refused = refused.expect("a refusal");
        assert_eq!(refused.status(), 403, "{origin}");
        assert_eq!(refused.headers()["content-type"], "application/problem+json");
    }
    let own = format!("http://{}", server.address);
    for origin in [own.as_str(), "https://friend.example"] {
        assert!(RawClient::connect_with(server.address, "/ws", &[("origin", origin)]).await.is_ok(), "{origin}");
    }
    is_unharmed(&server, before).await;
}

#[tokio::test]
async fn an_invalid_upgrade_is_a_problem() {
    let server = TestServer::start().await;
    let before = server.stored_counts();
    let answer = server.http(reqwest::Method::GET, "/ws").send().await.expect("an answer");
    assert!(answer.status().is_client_error());
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
    is_unharmed(&server, before).await;
}
