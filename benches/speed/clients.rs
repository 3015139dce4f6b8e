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

/// How many connections share a source address. An address has 28,000 ports, used ones rest for a minute, and the
/// fuller it is, the longer the kernel searches for a free one.
const CONNECTIONS_PER_ADDRESS: usize = 4_000;

/// How many connections this process has opened so far. It determines the next source address.
static CONNECTIONS_MADE: AtomicUsize = AtomicUsize::new(0);

/// How long to wait for anything that must arrive.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(20);

pub(crate) struct Clients {
    poll: Poll,
    events: Events,
    /// By client number, which is also the token.
    connections: Vec<Connection>,
    /// Shared by all reads, so that idle connections need no memory for it.
    buffer: Vec<u8>,
    /// How many clients have left. Later ones get other names.
    disconnected: usize,
}

impl Clients {
    pub(crate) fn new() -> Result<Self, Failure> {
        Self::with_event_capacity(1024)
    }

    /// Handles at most `event_capacity` events in one poll.
    pub(crate) fn with_event_capacity(event_capacity: usize) -> Result<Self, Failure> {
        let (poll, events) = (Poll::new()?, Events::with_capacity(event_capacity));
        Ok(Self { poll, events, connections: Vec::new(), buffer: vec![0; 64 * 1024], disconnected: 0 })
    }

    pub(crate) fn len(&self) -> usize {
        self.connections.len()
    }

    /// How many clients have left.
    pub(crate) fn disconnected(&self) -> usize {
        self.disconnected
    }

    /// Closes all connections without a close frame.
    pub(crate) fn disconnect_all(&mut self) {
        self.disconnected += self.connections.len();
        self.connections.clear();
    }

    pub(crate) fn connect(&mut self, server: SocketAddr, path: &str) -> Result<(), Failure> {
        let [high, low] =
            u16::try_from(CONNECTIONS_MADE.fetch_add(1, Ordering::Relaxed) / CONNECTIONS_PER_ADDRESS + 1)?
                .to_be_bytes();
        // Another network than the run before, whose ports may still be in use.
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

    /// Waits until something arrives, at most for `max_wait`, and passes everything that arrived to `handle`.
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
            // A client that has left may still have had an event.
            let Some(connection) = connections.get_mut(client) else { continue };
            if event.is_writable() {
                connection.flush()?;
            }
            if event.is_readable() {
                let is_open = connection
                    .read(buffer, |received| handle(client, received))
                    .map_err(|failure| format!("client {client}: {failure}"))?;
                if !is_open {
                    return Err(format!("client {client}: the server hung up").into());
                }
            }
        }
        Ok(())
    }

    /// Ignores everything for a while, but answers pings.
    pub(crate) fn answer_pings_for(&mut self, duration: Duration) -> Result<(), Failure> {
        let end = Instant::now() + duration;
        while let Some(remaining) = end.checked_duration_since(Instant::now()) {
            self.poll_once(remaining, |_, _| Ok(()))?;
        }
        Ok(())
    }

    /// Sends a text frame.
    pub(crate) fn send_text(&mut self, client: usize, text: &str) -> Result<(), Failure> {
        let mut frame = Vec::with_capacity(text.len() + 14);
        append_frame(&mut frame, TEXT, text.as_bytes(), Side::Client);
        self.send_frames(client, &frame)
    }

    /// Sends encoded frames.
    pub(crate) fn send_frames(&mut self, client: usize, frames: &[u8]) -> Result<(), Failure> {
        Ok(self.connections[client].send(frames)?)
    }
}
