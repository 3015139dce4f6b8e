//! Connections from chosen source addresses. All of 127.0.0.0/8 is this machine.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4},
    time::Duration,
};

use futures_util::SinkExt as _;
use teahouse::protocol::{ClientFrame, Hello, VERSION};
use tokio::{
    net::{TcpSocket, TcpStream},
    time::timeout,
};
use tokio_tungstenite::{WebSocketStream, client_async, tungstenite::Message};

/// How long to wait for a connection or an upgrade.
const TIMEOUT: Duration = Duration::from_secs(20);

/// One of 65,000 addresses in a network of its own for each kind of client, so that the kinds do not share limits.
#[derive(Clone, Copy)]
pub(crate) struct SourceAddress(Ipv4Addr);

impl SourceAddress {
    pub(crate) fn new(network: u8, number: usize) -> Self {
        let [high, low] = u16::try_from(number % 65_000 + 1).unwrap_or(1).to_be_bytes();
        Self(Ipv4Addr::new(127, network, high, low))
    }

    pub(crate) fn ip(self) -> IpAddr {
        self.0.into()
    }

    pub(crate) async fn connect(self, server: SocketAddr) -> io::Result<TcpStream> {
        self.connect_with_receive_buffer(server, None).await
    }

    /// Connects with a receive buffer of `buffer` bytes.
    pub(crate) async fn connect_with_receive_buffer(
        self,
        server: SocketAddr,
        buffer: Option<u32>,
    ) -> io::Result<TcpStream> {
        let socket = TcpSocket::new_v4()?;
        if let Some(bytes) = buffer {
            socket.set_recv_buffer_size(bytes)?;
        }
        socket.bind(SocketAddr::V4(SocketAddrV4::new(self.0, 0)))?;
        let stream = timeout(TIMEOUT, socket.connect(server)).await.map_err(io::Error::from)??;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    /// Opens a WebSocket and sends `hello`.
    pub(crate) async fn connect_with_hello(
        self,
        server: SocketAddr,
        hello: Hello,
    ) -> Option<WebSocketStream<TcpStream>> {
        send_hello(self.connect(server).await.ok()?, server, hello).await
    }
}

pub(crate) async fn send_hello(
    stream: TcpStream,
    server: SocketAddr,
    hello: Hello,
) -> Option<WebSocketStream<TcpStream>> {
    let mut socket = upgrade(stream, server).await?;
    socket.send(encode_frame(&ClientFrame::Hello(hello))).await.ok()?;
    Some(socket)
}

/// Opens a WebSocket without sending anything on it.
pub(crate) async fn upgrade(stream: TcpStream, server: SocketAddr) -> Option<WebSocketStream<TcpStream>> {
    let upgrade = timeout(TIMEOUT, client_async(format!("ws://{server}/ws"), stream)).await;
    upgrade.ok()?.ok().map(|(socket, _)| socket)
}

pub(crate) fn guest_hello(nickname: String) -> Hello {
    Hello { protocol: VERSION, nickname: Some(nickname), ..Hello::default() }
}

pub(crate) fn encode_frame(frame: &ClientFrame) -> Message {
    Message::text(serde_json::to_string(frame).expect("frames are plain JSON"))
}
