//! The cost of passing bytes on: one thread, one epoll, no logic. It writes as soon as it can. A server that starts
//! later finds more to write at once, and may be cheaper for that.

use std::{collections::HashMap, io::ErrorKind, mem};

use mio::{Events, Interest, Poll, Token, net::TcpListener};

use super::super::{
    connection::{Connection, Received},
    failure::Failure,
    frames::{ACCEPT, Side, TEXT, append_frame},
};

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum WriteStrategy {
    /// One write for each delivery.
    Write,
    /// One write for everything queued for a socket in one turn of the loop.
    Gather,
}

const LISTENER: Token = Token(usize::MAX);

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
        floor.flush();
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
        // At the end of the turn, because more may be queued in this turn.
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
        let excluded = client.path.starts_with("/pair/").then_some(author);
        let Some(room) = self.rooms.get(&client.path).filter(|_| !frame_ends.is_empty()) else { return };
        let mut start = 0;
        for end in if self.strategy == WriteStrategy::Write { frame_ends } else { &frame_ends[frame_ends.len() - 1..] }
        {
            for &number in room.iter().filter(|number| Some(**number) != excluded) {
                let Some(client) = &mut self.clients[number] else { continue };
                if self.strategy == WriteStrategy::Write {
                    let _ = client.connection.send(&frames[start..*end]);
                } else {
                    client.connection.queue(&frames[start..*end]);
                    if !mem::replace(&mut client.is_pending, true) {
                        self.pending.push(number);
                    }
                }
            }
            start = *end;
        }
    }

    fn flush(&mut self) {
        for number in self.pending.drain(..) {
            if let Some(client) = &mut self.clients[number] {
                client.is_pending = false;
                // A connection that cannot be written to has ended, and the next read reports that.
                let _ = client.connection.flush();
            }
        }
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
