//! WebSocket clients that can send any frame, valid or not.

use std::net::{IpAddr, SocketAddr};

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::Value;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpSocket, TcpStream},
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Error, Message, client::IntoClientRequest as _, http::Response},
};

use super::{TestServer, with_timeout};

/// A WebSocket without any chat protocol on top.
pub(crate) struct RawClient<S = TcpStream> {
    pub(crate) socket: WebSocketStream<S>,
}

/// How the server closed a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Closed {
    Code(u16),
    /// The stream ended, or the close frame had no code.
    WithoutCode,
}

impl RawClient {
    pub(crate) async fn connect(server: &TestServer, path: &str) -> Self {
        Self::connect_with(server.address, path, &[]).await.expect("an upgrade")
    }

    /// Connects from another loopback address (127.0.0.2 …), which the server sees as another machine.
    pub(crate) async fn connect_from(server: &TestServer, from: IpAddr, path: &str) -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind(SocketAddr::new(from, 0)).expect("an address of this machine");
        let stream = with_timeout("a connection", socket.connect(server.address)).await.expect("a connection");
        Self::upgrade(stream, server.address, path, &[]).await.expect("an upgrade")
    }

    /// Connects with additional headers. Returns the HTTP response if the server refuses the upgrade.
    pub(crate) async fn connect_with(
        address: SocketAddr,
        path: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, Response<Option<Vec<u8>>>> {
        let stream = with_timeout("a connection", TcpStream::connect(address)).await.expect("a connection");
        Self::upgrade(stream, address, path, headers).await
    }

    pub(crate) async fn upgrade(
        stream: TcpStream,
        address: SocketAddr,
        path: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, Response<Option<Vec<u8>>>> {
        let mut request = format!("ws://{address}{path}").into_client_request().expect("a request");
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().expect("a header"));
        }
        match with_timeout("the upgrade", client_async(request, stream)).await {
            Ok((socket, _)) => Ok(Self { socket }),
            Err(Error::Http(response)) => Err(*response),
            Err(error) => panic!("the upgrade failed: {error}"),
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> RawClient<S> {
    pub(crate) async fn send_text(&mut self, text: &str) {
        with_timeout("a frame to be sent", self.socket.send(Message::text(text))).await.expect("an open socket");
    }

    pub(crate) async fn send_json(&mut self, value: &Value) {
        self.send_text(&value.to_string()).await;
    }

    /// Returns the next text frame, or how the connection was closed.
    pub(crate) async fn next_text(&mut self) -> Result<String, Closed> {
        loop {
            match with_timeout("a frame", self.socket.next()).await {
                Some(Ok(Message::Text(text))) => return Ok(text.to_string()),
                Some(Ok(Message::Close(Some(close)))) => return Err(Closed::Code(close.code.into())),
                Some(Ok(Message::Close(None))) | None => return Err(Closed::WithoutCode),
                Some(Ok(_)) => {}
                Some(Err(error)) => panic!("the connection broke: {error}"),
            }
        }
    }

    pub(crate) async fn next_json(&mut self) -> Value {
        let text = self.next_text().await.expect("a frame, not a close");
        serde_json::from_str(&text).expect(&text)
    }

    /// Reads until the connection is closed.
    pub(crate) async fn closed(&mut self) -> Closed {
        loop {
            if let Err(closed) = self.next_text().await {
                return closed;
            }
        }
    }
}
