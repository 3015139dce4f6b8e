//! A WebSocket that sends back what it receives, for the RFC 6455 conformance tests.

use crate::server::{
    hub::EncodedFrame,
    socket::{
        close_message::{CloseHandshake, CloseMessage, close_code_for_frame_error},
        transport::Transport,
    },
    websocket::{self, IncomingFrame},
};

/// Echoes messages until the connection ends, and returns how to close it.
pub(super) async fn echo(transport: &mut Transport) -> CloseMessage {
    loop {
        let reply = match transport.reader.next_frame() {
            Ok(Some(IncomingFrame::Text(text))) => Some(websocket::encode_message(true, text.as_bytes())),
            Ok(Some(IncomingFrame::Binary(bytes))) => Some(websocket::encode_message(false, bytes)),
            Ok(Some(IncomingFrame::Ping(payload))) => Some(websocket::encode_pong(payload)),
            Ok(Some(IncomingFrame::Pong)) => None,
            Ok(Some(IncomingFrame::Close(code))) => {
                return CloseMessage::without_frame(CloseHandshake::Echo(code));
            }
            Ok(None) => {
                if let Err(message) = transport.read().await {
                    return message;
                }
                None
            }
            Err(error) => return CloseMessage::without_frame(close_code_for_frame_error(error)),
        };
        if let Some(reply) = reply
            && let Err(message) = transport.send(EncodedFrame::control(reply)).await
        {
            return message;
        }
    }
}
