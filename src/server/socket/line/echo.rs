//! Gives back what comes in: what the test cases of RFC 6455 ask of a server.

use axum::extract::ws::Message;
use futures_util::{SinkExt as _, StreamExt as _};

use super::{Farewell, Line, why};

impl Line {
    /// Echoes until it ends; errors end it as they end any line.
    pub(in super::super) async fn echo(&mut self) -> Farewell {
        loop {
            match self.stream.next().await {
                Some(Ok(message @ (Message::Text(_) | Message::Binary(_)))) => {
                    if self.sink.send(message).await.is_err() {
                        return Farewell::wordless(None);
                    }
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Close(_))) | None => return Farewell::wordless(None),
                Some(Err(error)) => return Farewell::wordless(why(error).code),
            }
        }
    }
}
