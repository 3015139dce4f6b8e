//! A client's WebSocket connection.

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

use super::proxy::use_small_buffers;

/// How long to wait for an upgrade and a welcome, and for a frame to be sent.
const TIMEOUT: Duration = Duration::from_secs(20);

/// A connection after its welcome.
pub(crate) struct Connection {
    socket: WebSocketStream<TcpStream>,
}

/// Why a connection ended or could not be opened.
#[derive(Debug)]
pub(crate) enum ConnectionEnd {
    /// The server closed it with this code.
    Closed(u16),
    /// The connection broke or could not be opened.
    Broken,
    /// The server sent nothing for too long.
    Silent,
    /// The server refused the `hello`.
    Refused(ErrorFrame),
    /// The server sent a frame that is invalid or unexpected here.
    InvalidFrame(String),
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr, hello: Hello) -> Result<(Self, Welcome), ConnectionEnd> {
        timeout(TIMEOUT, Self::connect(address, hello)).await.unwrap_or(Err(ConnectionEnd::Broken))
    }

    async fn connect(address: SocketAddr, hello: Hello) -> Result<(Self, Welcome), ConnectionEnd> {
        let broken = |_| ConnectionEnd::Broken;
        let socket = TcpSocket::new_v4().map_err(broken)?;
        use_small_buffers(&socket).map_err(broken)?;
        let stream = socket.connect(address).await.map_err(broken)?;
        stream.set_nodelay(true).map_err(broken)?;
        let (socket, _) =
            client_async(format!("ws://{address}/ws"), stream).await.map_err(|_| ConnectionEnd::Broken)?;
        let mut connection = Self { socket };
        connection.feed(&ClientFrame::Hello(hello)).await?;
        connection.flush().await?;
        let text = connection.next().await?;
        match decode(&text)? {
            ServerFrame::Welcome(welcome) => Ok((connection, *welcome)),
            ServerFrame::Error(error) => Err(ConnectionEnd::Refused(error)),
            _ => Err(ConnectionEnd::InvalidFrame(text.to_string())),
        }
    }

    /// The client's end.
    pub(crate) fn local_address(&self) -> Option<SocketAddr> {
        self.socket.get_ref().local_addr().ok()
    }

    /// Queues a frame for the next [`Connection::flush`].
    pub(crate) async fn feed(&mut self, frame: &ClientFrame) -> Result<(), ConnectionEnd> {
        let text = serde_json::to_string(frame).map_err(|error| ConnectionEnd::InvalidFrame(error.to_string()))?;
        match timeout(TIMEOUT, self.socket.feed(Message::text(text))).await {
            Ok(Ok(())) => Ok(()),
            _ => Err(self.end_reason().await),
        }
    }

    pub(crate) async fn flush(&mut self) -> Result<(), ConnectionEnd> {
        match timeout(TIMEOUT, self.socket.flush()).await {
            Ok(Ok(())) => Ok(()),
            _ => Err(self.end_reason().await),
        }
    }

    /// Returns the next text frame. Safe to cancel.
    pub(crate) async fn next(&mut self) -> Result<Utf8Bytes, ConnectionEnd> {
        loop {
            match self.socket.next().await {
                Some(Ok(Message::Text(text))) => return Ok(text),
                Some(Ok(Message::Close(Some(close)))) => return Err(ConnectionEnd::Closed(close.code.into())),
                Some(Ok(Message::Close(None)) | Err(_)) | None => return Err(ConnectionEnd::Broken),
                Some(Ok(_)) => {}
            }
        }
    }

    /// Reads the rest of a connection that cannot be written to, to find out why it ended.
    async fn end_reason(&mut self) -> ConnectionEnd {
        let read_to_end = async {
            loop {
                if let Err(end) = self.next().await {
                    return end;
                }
            }
        };
        timeout(Duration::from_secs(1), read_to_end).await.unwrap_or(ConnectionEnd::Broken)
    }
}

pub(crate) fn decode(text: &str) -> Result<ServerFrame, ConnectionEnd> {
    ServerFrame::from_json(text).ok_or_else(|| ConnectionEnd::InvalidFrame(text.to_owned()))
}
