//! Gives back what comes in: what the test cases of RFC 6455 ask of a server.

use super::{Ending, Farewell, Incoming, Item, Line, code_of, websocket};

impl Line {
    /// Echoes until it ends; errors end it as they end any line.
    pub(in super::super) async fn echo(&mut self) -> Farewell {
        loop {
            let answer = match self.reader.next_incoming() {
                Ok(Some(Incoming::Text(text))) => Some(websocket::whole(true, text.as_bytes())),
                Ok(Some(Incoming::Binary(bytes))) => Some(websocket::whole(false, bytes)),
                Ok(Some(Incoming::Ping(payload))) => Some(websocket::pong(payload)),
                Ok(Some(Incoming::Pong)) => None,
                Ok(Some(Incoming::Close(code))) => return Farewell { frame: None, ending: Ending::Echo(code) },
                Ok(None) => {
                    if let Err(farewell) = self.read().await {
                        return farewell;
                    }
                    None
                }
                Err(broken) => return Farewell::wordless(Some(code_of(broken))),
            };
            if let Some(answer) = answer
                && let Err(farewell) = self.send(Item::control(answer)).await
            {
                return farewell;
            }
        }
    }
}
