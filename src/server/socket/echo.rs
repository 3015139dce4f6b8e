//! Gives back what comes in: what the test cases of RFC 6455 ask of a server.

use crate::server::socket::transport::{
    CloseHandshake, CloseMessage, EncodedFrame, IncomingFrame, Transport, code_of, websocket,
};

impl Transport {
    /// Echoes until it ends; errors end it as they end any line.
    pub(crate) async fn echo(&mut self) -> CloseMessage {
        loop {
            let answer = match self.reader.next_frame() {
                Ok(Some(IncomingFrame::Text(text))) => Some(websocket::encode_message(true, text.as_bytes())),
                Ok(Some(IncomingFrame::Binary(bytes))) => Some(websocket::encode_message(false, bytes)),
                Ok(Some(IncomingFrame::Ping(payload))) => Some(websocket::encode_pong(payload)),
                Ok(Some(IncomingFrame::Pong)) => None,
                Ok(Some(IncomingFrame::Close(code))) => {
                    return CloseMessage { frame: None, ending: CloseHandshake::Echo(code) };
                }
                Ok(None) => {
                    if let Err(farewell) = self.read().await {
                        return farewell;
                    }
                    None
                }
                Err(broken) => return CloseMessage::wordless(Some(code_of(broken))),
            };
            if let Some(answer) = answer
                && let Err(farewell) = self.send(EncodedFrame::control(answer)).await
            {
                return farewell;
            }
        }
    }
}
