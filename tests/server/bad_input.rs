//! Invalid input: the server answers as specified, stores nothing, and keeps running.

use futures_util::SinkExt as _;
use serde_json::json;
use teahouse::{
    domain::{CommandId, ConversationId, Seq},
    protocol::{ErrorCode, MAX_FRAME_BYTES, ServerFrame},
};
use tokio_tungstenite::tungstenite::Message;

use super::support::{Closed, RawClient, StoredCounts, TestClient, TestServer, with_timeout};

/// Asserts that nothing was stored since `before`, and that the server still works.
async fn assert_unharmed(server: &TestServer, before: StoredCounts) {
    assert_eq!(server.stored_counts(), before, "nothing is stored");
    let mut witness = TestClient::guest(server, "witness").await;
    assert_eq!(witness.send_message("still running").await.seq, Some(Seq(1)));
}

/// Sends `message` as the first frame. Returns the error code and how the connection was closed.
async fn first_frame(server: &TestServer, message: Message) -> (ErrorCode, Closed) {
    let mut raw = RawClient::connect(server, "/ws").await;
    with_timeout("a frame to be sent", raw.socket.send(message)).await.expect("an open socket");
    match serde_json::from_value(raw.next_json().await) {
        Ok(ServerFrame::Error(error)) => (error.code, raw.closed().await),
        other => panic!("not an error: {other:?}"),
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
    assert_unharmed(&server, before).await;
    ming.expect_event("still running").await;
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
    assert_unharmed(&server, before).await;
    ming.expect_event("still running").await;
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
    assert_unharmed(&server, before).await;
    ming.expect_event("still running").await;
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
    assert_unharmed(&server, before).await;
}

#[tokio::test]
async fn a_second_hello_is_an_error_and_keeps_the_connection() {
    let server = TestServer::start().await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let before = server.stored_counts();
    ming.send(&json!({ "type": "hello", "protocol": 1, "nickname": "somebody else" })).await;
    assert_eq!(ming.expect_error().await.code, ErrorCode::AlreadyGreeted);
    assert_unharmed(&server, before).await;
    ming.expect_event("still running").await;
}

#[tokio::test]
async fn too_large_frames_close_the_connection_with_a_readable_reason() {
    let server = TestServer::start_with(|config| config.unlimited = true).await;
    let before = server.stored_counts();
    let bodies = [MAX_FRAME_BYTES + 1, 1024 * 1024];
    for path in ["/ws", "/script"] {
        for bytes in bodies {
            let mut raw = RawClient::connect(&server, path).await;
            // The server may close the connection before it has read the whole frame.
            let _ = with_timeout("the frame to be sent", raw.socket.send(Message::text("x".repeat(bytes)))).await;
            assert_eq!(raw.closed().await, Closed::Code(1009), "{bytes} bytes on {path}");
        }
    }
    let users = server.stored_counts().users - before.users;
    assert_eq!(users, 2, "only the simple protocol signs a user in before the first frame");
    assert_eq!(server.stored_counts().events, 0);

    let mut ming = TestClient::guest(&server, "小明").await;
    let lobby = ming.lobby().id;
    let padding = "x".repeat(MAX_FRAME_BYTES);
    ming.send(&json!({ "type": "send", "id": CommandId::generate(), "conversation": lobby, "body": padding })).await;
    assert_eq!(ming.closed().await, Closed::Code(1009));
    assert_eq!(server.stored_counts().events, 0);
    TestClient::guest(&server, "witness").await.send_message("still running").await;
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
    for number in 0..20 {
        let opcode = if number == 0 { Data::Text } else { Data::Continue };
        let frame = Frame::message(vec![b'x'; 8 * 1024], OpCode::Data(opcode), false);
        if raw.socket.send(Message::Frame(frame)).await.is_err() {
            break;
        }
    }
    assert_eq!(raw.closed().await, Closed::Code(1009));
    assert_unharmed(&server, before).await;
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
    assert_unharmed(&server, before).await;
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
    assert_unharmed(&server, before).await;
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
    assert_unharmed(&server, before).await;
}

#[tokio::test]
async fn a_silent_connection_is_closed() {
    let server =
        TestServer::start_with(|config| config.timing.hello_timeout = std::time::Duration::from_millis(50)).await;
    let before = server.stored_counts();
    let mut raw = RawClient::connect(&server, "/ws").await;
    assert_eq!(raw.closed().await, Closed::Code(4408));
    assert_unharmed(&server, before).await;
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
    let own_origin = format!("http://{}", server.address);
    for origin in [own_origin.as_str(), "https://friend.example"] {
        assert!(RawClient::connect_with(server.address, "/ws", &[("origin", origin)]).await.is_ok(), "{origin}");
    }
    assert_unharmed(&server, before).await;
}

#[tokio::test]
async fn an_invalid_upgrade_is_a_problem() {
    let server = TestServer::start().await;
    let before = server.stored_counts();
    let response = server.http(reqwest::Method::GET, "/ws").send().await.expect("a response");
    assert!(response.status().is_client_error());
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    assert_unharmed(&server, before).await;
}
