//! Many clients on one thread.

use std::{
    net::{Ipv4Addr, SocketAddr, SocketAddrV4},
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use mio::{Events, Interest, Poll, Token, net::TcpStream};
use socket2::{Domain, Socket, Type};

use super::{
    failure::Failure,
    line::{Heard, Line},
    wire::{KEY, Side, TEXT, put_frame},
};

/// How many connections share an address: it has 28,000 ports, used ones rest for a minute, and the fuller it is the
/// longer the kernel looks for a free one.
const PER_ADDRESS: usize = 4_000;

/// How many connections this process ever made: the next ones have another address.
static MADE: AtomicUsize = AtomicUsize::new(0);

/// How long to wait for what must come.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Crowd {
    poll: Poll,
    events: Events,
    /// By number: the token of each is its place here.
    lines: Vec<Line>,
    /// Read into by all: connections that wait own no memory for it.
    buffer: Vec<u8>,
    /// How many have left: who comes later has another name.
    gone: usize,
}

impl Crowd {
    pub(crate) fn new() -> Result<Self, Failure> {
        Self::that_hears(1024)
    }

    /// One that hears so many at most in one turn.
    pub(crate) fn that_hears(most: usize) -> Result<Self, Failure> {
        let (poll, events) = (Poll::new()?, Events::with_capacity(most));
        Ok(Self { poll, events, lines: Vec::new(), buffer: vec![0; 64 * 1024], gone: 0 })
    }

    pub(crate) fn len(&self) -> usize {
        self.lines.len()
    }

    /// How many have left.
    pub(crate) fn gone(&self) -> usize {
        self.gone
    }

    /// Everybody leaves, without a word.
    pub(crate) fn scatter(&mut self) {
        self.gone += self.lines.len();
        self.lines.clear();
    }

    pub(crate) fn connect(&mut self, server: SocketAddr, path: &str) -> Result<(), Failure> {
        let [high, low] = u16::try_from(MADE.fetch_add(1, Ordering::Relaxed) / PER_ADDRESS + 1)?.to_be_bytes();
        // Not where the run before this one was a moment ago.
        let street = u8::try_from(std::process::id() % 250)? + 1;
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.bind(&SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::new(127, street, high, low), 0)).into())?;
        socket.connect_timeout(&server.into(), PATIENCE)?;
        socket.set_tcp_nodelay(true)?;
        socket.set_nonblocking(true)?;
        let mut stream = TcpStream::from_std(socket.into());
        let token = Token(self.lines.len());
        self.poll.registry().register(&mut stream, token, Interest::READABLE | Interest::WRITABLE)?;
        let mut line = Line::new(stream, Side::Client);
        line.send(
            format!(
                "GET {path} HTTP/1.1\r\nHost: {server}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                 Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n\r\n"
            )
            .as_bytes(),
        )?;
        self.lines.push(line);
        Ok(())
    }

    /// Waits until something comes, for `most` at the longest, and hears what has come to each.
    pub(crate) fn turn(
        &mut self,
        most: Duration,
        mut hear: impl FnMut(usize, Heard<'_>) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let Self { poll, events, lines, buffer, .. } = self;
        match poll.poll(events, Some(most)) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => return Ok(()),
            outcome => outcome?,
        }
        for event in &*events {
            let Token(who) = event.token();
            // Who has left may still have had something to hear.
            let Some(line) = lines.get_mut(who) else { continue };
            if event.is_writable() {
                line.flush()?;
            }
            if event.is_readable() {
                let is_open = line
                    .read(buffer, |heard| hear(who, heard))
                    .map_err(|failure| format!("client {who}: {failure}"))?;
                if !is_open {
                    return Err(format!("client {who}: the server hung up").into());
                }
            }
        }
        Ok(())
    }

    /// Hears nothing for a while, but answers pings.
    pub(crate) fn rest(&mut self, length: Duration) -> Result<(), Failure> {
        let end = Instant::now() + length;
        while let Some(left) = end.checked_duration_since(Instant::now()) {
            self.turn(left, |_, _| Ok(()))?;
        }
        Ok(())
    }

    /// Sends a text.
    pub(crate) fn say(&mut self, who: usize, text: &str) -> Result<(), Failure> {
        let mut frame = Vec::with_capacity(text.len() + 14);
        put_frame(&mut frame, TEXT, text.as_bytes(), Side::Client);
        self.send(who, &frame)
    }

    /// Sends frames.
    pub(crate) fn send(&mut self, who: usize, frames: &[u8]) -> Result<(), Failure> {
        Ok(self.lines[who].send(frames)?)
    }
}
