//! The cost of passing bytes on: one thread, one epoll, no logic. It writes as soon as it can. A server that starts
//! later finds more to write at once, and may be cheaper for that.
//!
//! In `/room/N` everyone receives all messages, also their own; in `/pair/N` two clients receive each other's. In
//! `/acked/N` the author also receives an ack, except with [`WriteStrategy::Write`].

use std::{collections::HashMap, io::ErrorKind, mem};

use mio::{Events, Interest, Poll, Token, net::TcpListener};

use super::message_log::MessageLog;
use crate::{
    connection::{Connection, Received},
    failure::Failure,
    frames::{ACCEPT, Side, TEXT, append_frame},
};

pub(super) enum WriteStrategy {
    /// One write for each delivery.
    Write,
    /// One write for everything queued for a socket in one turn of the loop.
    Gather,
    /// The same, after one sync for all messages of the turn. More messages arrive during the sync.
    SyncThenGather(MessageLog),
}

const LISTENER: Token = Token(usize::MAX);

/// What the author of a message receives in `/acked/N`.
const ACK: &[u8] = br#"{"type":"ack"}"#;

struct Client {
    connection: Connection,
    path: String,
    /// Whether it is in [`Floor::pending`].
    is_pending: bool,
}

struct Floor {
    strategy: WriteStrategy,
    /// By token.
    clients: Vec<Option<Client>>,
    /// Free tokens of clients that have left.
    free: Vec<usize>,
    /// Client numbers by path.
    rooms: HashMap<String, Vec<usize>>,
    /// Clients to flush at the end of the turn.
    pending: Vec<usize>,
}

/// Fails, and so ends the server, if messages cannot be written or synced.
pub(super) fn serve(strategy: WriteStrategy) -> Result<(), Failure> {
    let (mut poll, mut events) = (Poll::new()?, Events::with_capacity(1024));
    let mut listener = TcpListener::bind("127.0.0.1:0".parse()?)?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    println!("listening on http://{}", listener.local_addr()?);
    let mut floor =
        Floor { strategy, clients: Vec::new(), free: Vec::new(), rooms: HashMap::new(), pending: Vec::new() };
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match poll.poll(&mut events, None) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            outcome => outcome?,
        }
        for event in &events {
            match event.token() {
                LISTENER => floor.accept(&listener, &poll)?,
                Token(number) => floor.handle_event(number, event.is_writable(), &mut buffer),
            }
        }
        floor.sync_and_flush()?;
    }
}

impl Floor {
    fn accept(&mut self, listener: &TcpListener, poll: &Poll) -> Result<(), Failure> {
        loop {
            let mut stream = match listener.accept() {
                Ok((stream, _)) => stream,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error.into()),
            };
            stream.set_nodelay(true)?;
            let number = self.free.pop().unwrap_or_else(|| {
                self.clients.push(None);
                self.clients.len() - 1
            });
            poll.registry().register(&mut stream, Token(number), Interest::READABLE | Interest::WRITABLE)?;
            let connection = Connection::new(stream, Side::Server);
            self.clients[number] = Some(Client { connection, path: String::new(), is_pending: false });
        }
    }

    fn handle_event(&mut self, number: usize, is_writable: bool, buffer: &mut [u8]) {
        let Some(client) = &mut self.clients[number] else { return };
        let (mut frames, mut frame_ends) = (Vec::new(), Vec::new());
        let mut requested_path = None;
        let read = client.connection.read(buffer, |received| {
            match received {
                Received::Head(head) => requested_path = path(head),
                Received::Text(text) => {
                    append_frame(&mut frames, TEXT, text, Side::Server);
                    frame_ends.push(frames.len());
                }
            }
            Ok(())
        });
        // At the end of the turn, because what was queued in this turn may not be synced yet.
        if is_writable && !mem::replace(&mut client.is_pending, true) {
            self.pending.push(number);
        }
        if let Some(path) = requested_path {
            let answer = format!(
                "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                 Sec-WebSocket-Accept: {ACCEPT}\r\n\r\n"
            );
            let _ = client.connection.send(answer.as_bytes());
            client.path.clone_from(&path);
            self.rooms.entry(path).or_default().push(number);
        }
        self.deliver(number, &frames, &frame_ends);
        if !matches!(read, Ok(true)) {
            self.remove(number);
        }
    }

    fn deliver(&mut self, author: usize, frames: &[u8], frame_ends: &[usize]) {
        let Some(client) = &self.clients[author] else { return };
        let wants_ack = client.path.starts_with("/acked/");
        let excluded = (wants_ack || client.path.starts_with("/pair/")).then_some(author);
        let Some(room) = self.rooms.get(&client.path).filter(|_| !frame_ends.is_empty()) else { return };
        let receivers = room.iter().copied().filter(|number| Some(*number) != excluded);
        if matches!(self.strategy, WriteStrategy::Write) {
            let mut start = 0;
            for &end in frame_ends {
                for number in receivers.clone() {
                    let Some(client) = &mut self.clients[number] else { continue };
                    let _ = client.connection.send(&frames[start..end]);
                }
                start = end;
            }
            return;
        }
        if let WriteStrategy::SyncThenGather(log) = &mut self.strategy {
            log.append(frames);
        }
        let mut acks = Vec::new();
        if wants_ack {
            frame_ends.iter().for_each(|_| append_frame(&mut acks, TEXT, ACK, Side::Server));
        }
        let answers = wants_ack.then_some((author, acks.as_slice()));
        for (number, bytes) in answers.into_iter().chain(receivers.map(|number| (number, frames))) {
            let Some(client) = &mut self.clients[number] else { continue };
            client.connection.queue(bytes);
            if !mem::replace(&mut client.is_pending, true) {
                self.pending.push(number);
            }
        }
    }

    /// Ends a turn of the loop.
    fn sync_and_flush(&mut self) -> Result<(), Failure> {
        if let WriteStrategy::SyncThenGather(log) = &mut self.strategy {
            log.sync()?;
        }
        for number in self.pending.drain(..) {
            if let Some(client) = &mut self.clients[number] {
                client.is_pending = false;
                // A connection that cannot be written to has ended, and the next read reports that.
                let _ = client.connection.flush();
            }
        }
        Ok(())
    }

    fn remove(&mut self, number: usize) {
        let Some(client) = self.clients[number].take() else { return };
        if let Some(room) = self.rooms.get_mut(&client.path) {
            room.retain(|other| *other != number);
        }
        self.free.push(number);
    }
}

/// The path of a request.
fn path(head: &[u8]) -> Option<String> {
    Some(std::str::from_utf8(head).ok()?.split(' ').nth(1)?.to_owned())
}
