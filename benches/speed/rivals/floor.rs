//! What passing bytes on costs: one thread, one epoll, no logic. It writes as soon as it can: a server that is slower to
//! begin finds more to write at once, and may be cheaper for it.

use std::{collections::HashMap, io::ErrorKind, mem};

use mio::{Events, Interest, Poll, Token, net::TcpListener};

use super::super::{
    failure::Failure,
    line::{Heard, Line},
    wire::{ACCEPT, Side, TEXT, put_frame},
};

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    /// One write for each delivery.
    Write,
    /// What is queued for a socket in one turn goes out in one write.
    Gather,
}

const LISTENER: Token = Token(usize::MAX);

struct Client {
    line: Line,
    path: String,
    /// Whether something is queued.
    is_due: bool,
}

struct Floor {
    manner: Manner,
    /// By token.
    clients: Vec<Option<Client>>,
    /// Tokens of those who have left.
    free: Vec<usize>,
    /// Who is where, by path.
    rooms: HashMap<String, Vec<usize>>,
    /// For whom something is queued.
    due: Vec<usize>,
}

pub(super) fn serve(manner: Manner) -> Result<(), Failure> {
    let (mut poll, mut events) = (Poll::new()?, Events::with_capacity(1024));
    let mut listener = TcpListener::bind("127.0.0.1:0".parse()?)?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    println!("listening on http://{}", listener.local_addr()?);
    let mut floor = Floor { manner, clients: Vec::new(), free: Vec::new(), rooms: HashMap::new(), due: Vec::new() };
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match poll.poll(&mut events, None) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            outcome => outcome?,
        }
        for event in &events {
            match event.token() {
                LISTENER => floor.accept(&listener, &poll)?,
                Token(number) => floor.hear(number, event.is_writable(), &mut buffer),
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
            let line = Line::new(stream, Side::Server);
            self.clients[number] = Some(Client { line, path: String::new(), is_due: false });
        }
    }

    fn hear(&mut self, number: usize, is_writable: bool, buffer: &mut [u8]) {
        let Some(client) = &mut self.clients[number] else { return };
        let (mut frames, mut ends) = (Vec::new(), Vec::new());
        let mut entered = None;
        let read = client.line.read(buffer, |heard| {
            match heard {
                Heard::Head(head) => entered = path(head),
                Heard::Text(text) => {
                    put_frame(&mut frames, TEXT, text, Side::Server);
                    ends.push(frames.len());
                }
            }
            Ok(())
        });
        // A line that cannot be written to has ended, and reading tells so.
        if is_writable {
            let _ = client.line.flush();
        }
        if let Some(path) = entered {
            let answer = format!(
                "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                 Sec-WebSocket-Accept: {ACCEPT}\r\n\r\n"
            );
            let _ = client.line.send(answer.as_bytes());
            client.path.clone_from(&path);
            self.rooms.entry(path).or_default().push(number);
        }
        self.deliver(number, &frames, &ends);
        if !matches!(read, Ok(true)) {
            self.leave(number);
        }
    }

    fn deliver(&mut self, from: usize, frames: &[u8], ends: &[usize]) {
        let Some(client) = &self.clients[from] else { return };
        let excepted = client.path.starts_with("/pair/").then_some(from);
        let Some(room) = self.rooms.get(&client.path).filter(|_| !ends.is_empty()) else { return };
        let mut start = 0;
        for end in if self.manner == Manner::Write { ends } else { &ends[ends.len() - 1..] } {
            for &number in room.iter().filter(|number| Some(**number) != excepted) {
                let Some(client) = &mut self.clients[number] else { continue };
                if self.manner == Manner::Write {
                    let _ = client.line.send(&frames[start..*end]);
                } else {
                    client.line.queue(&frames[start..*end]);
                    if !mem::replace(&mut client.is_due, true) {
                        self.due.push(number);
                    }
                }
            }
            start = *end;
        }
    }

    fn flush(&mut self) {
        for number in self.due.drain(..) {
            if let Some(client) = &mut self.clients[number] {
                client.is_due = false;
                let _ = client.line.flush();
            }
        }
    }

    fn leave(&mut self, number: usize) {
        let Some(client) = self.clients[number].take() else { return };
        if let Some(room) = self.rooms.get_mut(&client.path) {
            room.retain(|other| *other != number);
        }
        self.free.push(number);
    }
}

/// What a request asks for.
fn path(head: &[u8]) -> Option<String> {
    Some(std::str::from_utf8(head).ok()?.split(' ').nth(1)?.to_owned())
}
