//! A client's WebSocket.

use std::{net::SocketAddr, time::Duration};

use futures_util::{SinkExt as _, StreamExt as _};
use teahouse::protocol::{ClientFrame, ErrorFrame, FromJson as _, Hello, ServerFrame, Welcome};
use tokio::{
    net::{TcpSocket, TcpStream},
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message, Utf8Bytes},
};

use super::proxy::shrink;

/// How long to wait for an upgrade and a welcome, and for a frame to go out.
const PATIENCE: Duration = Duration::from_secs(20);

/// A connection that was welcomed.
pub(crate) struct Connection {
    socket: WebSocketStream<TcpStream>,
}

/// Why there is no connection (any more).
#[derive(Debug)]
pub(crate) enum Ending {
    /// The server closed it, with this code.
    Closed(u16),
    /// It broke, or could not be made.
    Broken,
    /// The server refused the `hello`.
    Refused(ErrorFrame),
    /// A frame that is none.
    Unreadable(String),
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr, hello: Hello) -> Result<(Self, Welcome), Ending> {
        timeout(PATIENCE, Self::greet(address, hello)).await.unwrap_or(Err(Ending::Broken))
    }

    async fn greet(address: SocketAddr, hello: Hello) -> Result<(Self, Welcome), Ending> {
        let broken = |_| Ending::Broken;
        let socket = TcpSocket::new_v4().map_err(broken)?;
        shrink(&socket).map_err(broken)?;
        let stream = socket.connect(address).await.map_err(broken)?;
        stream.set_nodelay(true).map_err(broken)?;
        let (socket, _) = client_async(format!("ws://{address}/ws"), stream).await.map_err(|_| Ending::Broken)?;
        let mut connection = Self { socket };
        connection.feed(&ClientFrame::Hello(hello)).await?;
        connection.flush().await?;
        let text = connection.next().await?;
        match decode(&text)? {
            ServerFrame::Welcome(welcome) => Ok((connection, *welcome)),
            ServerFrame::Error(error) => Err(Ending::Refused(error)),
            _ => Err(Ending::Unreadable(text.to_string())),
        }
    }

    /// Queues a frame, to go out with the next [`Connection::flush`].
    pub(crate) async fn feed(&mut self, frame: &ClientFrame) -> Result<(), Ending> {
        let text = serde_json::to_string(frame).map_err(|error| Ending::Unreadable(error.to_string()))?;
        match timeout(PATIENCE, self.socket.feed(Message::text(text))).await {
            Ok(Ok(())) => Ok(()),
            _ => Err(self.why().await),
        }
    }

    pub(crate) async fn flush(&mut self) -> Result<(), Ending> {
        match timeout(PATIENCE, self.socket.flush()).await {
            Ok(Ok(())) => Ok(()),
            _ => Err(self.why().await),
        }
    }

    /// The next text frame. May be dropped and asked again.
    pub(crate) async fn next(&mut self) -> Result<Utf8Bytes, Ending> {
        loop {
            match self.socket.next().await {
                Some(Ok(Message::Text(text))) => return Ok(text),
                Some(Ok(Message::Close(Some(close)))) => return Err(Ending::Closed(close.code.into())),
                Some(Ok(Message::Close(None)) | Err(_)) | None => return Err(Ending::Broken),
                Some(Ok(_)) => {}
            }
        }
    }

    /// What can't be written to may still have something to say: how it ends.
    async fn why(&mut self) -> Ending {
        let last_words = async {
            loop {
                if let Err(ending) = self.next().await {
                    return ending;
                }
            }
        };
        timeout(Duration::from_secs(1), last_words).await.unwrap_or(Ending::Broken)
    }
}

pub(crate) fn decode(text: &str) -> Result<ServerFrame, Ending> {
    ServerFrame::from_json(text).ok_or_else(|| Ending::Unreadable(text.to_owned()))
}
