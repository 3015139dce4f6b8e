//! Many clients on one thread.

use std::{
    net::{Ipv4Addr, SocketAddr, SocketAddrV4},
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use mio::{Events, Interest, Poll, Token, net::TcpStream};
use socket2::{Domain, Socket, Type};

use super::{
    connection::{Connection, Received},
    failure::Failure,
    frames::{KEY, Side, TEXT, append_frame},
};

/// How many connections share an address: it has 28,000 ports, used ones rest for a minute, and the fuller it is the
/// longer the kernel looks for a free one.
const CONNECTIONS_PER_ADDRESS: usize = 4_000;

/// How many connections this process ever made: the next ones have another address.
static CONNECTIONS_MADE: AtomicUsize = AtomicUsize::new(0);

/// How long to wait for what must come.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(20);

pub(crate) struct Clients {
    poll: Poll,
    events: Events,
    /// By number: the token of each is its place here.
    connections: Vec<Connection>,
    /// Read into by all: connections that wait own no memory for it.
    buffer: Vec<u8>,
    /// How many have left: who comes later has another name.
    disconnected: usize,
}

impl Clients {
    pub(crate) fn new() -> Result<Self, Failure> {
        Self::with_event_capacity(1024)
    }

    /// One that hears so many at most in one turn.
    pub(crate) fn with_event_capacity(event_capacity: usize) -> Result<Self, Failure> {
        let (poll, events) = (Poll::new()?, Events::with_capacity(event_capacity));
        Ok(Self { poll, events, connections: Vec::new(), buffer: vec![0; 64 * 1024], disconnected: 0 })
    }

    pub(crate) fn len(&self) -> usize {
        self.connections.len()
    }

    /// How many have left.
    pub(crate) fn disconnected(&self) -> usize {
        self.disconnected
    }

    /// Everybody leaves, without a word.
    pub(crate) fn disconnect_all(&mut self) {
        self.disconnected += self.connections.len();
        self.connections.clear();
    }

    pub(crate) fn connect(&mut self, server: SocketAddr, path: &str) -> Result<(), Failure> {
        let [high, low] =
            u16::try_from(CONNECTIONS_MADE.fetch_add(1, Ordering::Relaxed) / CONNECTIONS_PER_ADDRESS + 1)?
                .to_be_bytes();
        // Not where the run before this one was a moment ago.
        let network = u8::try_from(std::process::id() % 250)? + 1;
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.bind(&SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::new(127, network, high, low), 0)).into())?;
        socket.connect_timeout(&server.into(), TIMEOUT)?;
        socket.set_tcp_nodelay(true)?;
        socket.set_nonblocking(true)?;
        let mut stream = TcpStream::from_std(socket.into());
        let token = Token(self.connections.len());
        self.poll.registry().register(&mut stream, token, Interest::READABLE | Interest::WRITABLE)?;
        let mut connection = Connection::new(stream, Side::Client);
        connection.send(
            format!(
                "GET {path} HTTP/1.1\r\nHost: {server}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                 Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n\r\n"
            )
            .as_bytes(),
        )?;
        self.connections.push(connection);
        Ok(())
    }

    /// Waits until something comes, for `most` at the longest, and hears what has come to each.
    pub(crate) fn poll_once(
        &mut self,
        max_wait: Duration,
        mut handle: impl FnMut(usize, Received<'_>) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let Self { poll, events, connections, buffer, .. } = self;
        match poll.poll(events, Some(max_wait)) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => return Ok(()),
            outcome => outcome?,
        }
        for event in &*events {
            let Token(client) = event.token();
            // Who has left may still have had something to hear.
            let Some(connection) = connections.get_mut(client) else { continue };
            if event.is_writable() {
                connection.flush()?;
            }
            if event.is_readable() {
                let is_open = connection
                    .read(buffer, |heard| handle(client, heard))
                    .map_err(|failure| format!("client {client}: {failure}"))?;
                if !is_open {
                    return Err(format!("client {client}: the server hung up").into());
                }
            }
        }
        Ok(())
    }

    /// Hears nothing for a while, but answers pings.
    pub(crate) fn answer_pings_for(&mut self, duration: Duration) -> Result<(), Failure> {
        let end = Instant::now() + duration;
        while let Some(remaining) = end.checked_duration_since(Instant::now()) {
            self.poll_once(remaining, |_, _| Ok(()))?;
        }
        Ok(())
    }

    /// Sends a text.
    pub(crate) fn send_text(&mut self, client: usize, text: &str) -> Result<(), Failure> {
        let mut frame = Vec::with_capacity(text.len() + 14);
        append_frame(&mut frame, TEXT, text.as_bytes(), Side::Client);
        self.send_frames(client, &frame)
    }

    /// Sends frames.
    pub(crate) fn send_frames(&mut self, client: usize, frames: &[u8]) -> Result<(), Failure> {
        Ok(self.connections[client].send(frames)?)
    }
}
