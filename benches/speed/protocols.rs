//! How clients talk to each kind of server, and what a message looks like.
//!
//! The text of each message begins with a marker: `~`, the author and the number. Each receiver can tell from it
//! cheaply whether anything was lost, duplicated or out of order.

use std::{
    net::SocketAddr,
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use serde_json::{Value, json};

use super::{
    clients::{Clients, TIMEOUT},
    connection::Received,
    failure::Failure,
    frames::ACCEPT,
};

/// The size of a message as delivered; in the full protocol, the size of its text.
pub(crate) const MESSAGE_BYTES: usize = 128;

/// How many clients connect at the same time: fewer than the backlog of any server.
const CONNECTING_AT_ONCE: usize = 100;

/// Messages from this number on are probes: they show that everyone receives, and are not measured.
const FIRST_PROBE: u32 = 0xf000_0000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// Rivals and floors: the path names the room, and a frame is a message.
    Raw,
    /// Teahouse's simple protocol.
    Simple,
    /// Teahouse's full protocol.
    Protocol,
}

/// Who receives whose messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Topology {
    /// All members are in one room.
    Room,
    /// Members 0 and 1 receive each other's messages, 2 and 3, and so on.
    Pairs,
    /// The same, and authors receive acks, even from servers that send none otherwise.
    AckedPairs,
}

/// Which node a member is connected to. Each has as many writers and readers of pairs; if there are several, the two of
/// a pair are at different ones.
pub(crate) fn node_of(member: usize, nodes: usize) -> usize {
    (member / 2 + member % 2) % nodes
}

/// The marker of a received message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) author: usize,
    pub(crate) number: u32,
}

pub(crate) struct Protocol {
    pub(crate) dialect: Dialect,
    pub(crate) topology: Topology,
    /// Conversation ids in the full protocol: the Lobby, or each pair's direct.
    conversations: Vec<String>,
    /// The number in the first member's nickname. Another group of clients uses the lower ones.
    first_user: usize,
    /// Where the last marker was. Most markers are at the same offset.
    marker_offset: usize,
}

impl Protocol {
    pub(crate) fn new(dialect: Dialect, topology: Topology) -> Self {
        Self::with_first_user(0, dialect, topology)
    }

    /// A group of clients beside another one with `first_user` members at the same server.
    pub(crate) fn with_first_user(first_user: usize, dialect: Dialect, topology: Topology) -> Self {
        Self { dialect, topology, conversations: Vec::new(), first_user, marker_offset: 0 }
    }

    /// A nickname that resembles no other one.
    fn nickname(&self, member: usize) -> String {
        format!("p{}", self.first_user + member)
    }

    /// Connects `members` clients and returns when each receives what it should.
    pub(crate) fn connect_and_wait(
        &mut self,
        clients: &mut Clients,
        nodes: &[SocketAddr],
        members: usize,
    ) -> Result<(), Failure> {
        self.connect(clients, nodes, members)?;
        match self.topology {
            Topology::Room => {
                self.probe(clients, &[0])?;
                // And the first member, if it does not receive its own messages.
                if members > 1 { self.probe(clients, &[1]) } else { Ok(()) }
            }
            Topology::Pairs | Topology::AckedPairs => {
                if self.dialect == Dialect::Protocol {
                    self.open_directs(clients)?;
                }
                self.probe(clients, &(0..members).collect::<Vec<_>>())
            }
        }
    }

    /// Connects `count` clients, each to its [node](node_of), and returns when each has joined.
    pub(crate) fn connect(&mut self, clients: &mut Clients, nodes: &[SocketAddr], count: usize) -> Result<(), Failure> {
        let goal = clients.len() + count;
        while clients.len() < goal {
            let start = clients.len();
            let last = goal.min(start + CONNECTING_AT_ONCE);
            for member in start..last {
                clients.connect(nodes[node_of(member, nodes.len())], &self.path(clients.disconnected() + member))?;
            }
            let (mut missing, disconnected) = (last - start, clients.disconnected());
            let deadline = Instant::now() + TIMEOUT;
            while missing > 0 {
                let mut hellos = Vec::new();
                clients.poll_once(TIMEOUT, |client, received| match received {
                    Received::Head(head) => {
                        if !head.starts_with(b"HTTP/1.1 101 ") || !contains(head, ACCEPT.as_bytes()) {
                            return Err(format!("upgrade refused: {}", String::from_utf8_lossy(head)).into());
                        }
                        match self.hello(disconnected + client) {
                            Some(hello) => hellos.push((client, hello)),
                            None => missing -= 1,
                        }
                        Ok(())
                    }
                    Received::Text(text) => {
                        missing -= usize::from(self.is_welcome(text)?);
                        Ok(())
                    }
                })?;
                for (client, hello) in hellos {
                    clients.send_text(client, &hello)?;
                }
                if Instant::now() > deadline {
                    return Err(format!("{missing} clients could not join").into());
                }
            }
        }
        Ok(())
    }

    /// How many members receive a message.
    pub(crate) fn receivers(&self, members: usize) -> usize {
        match self.topology {
            Topology::Room if self.dialect == Dialect::Simple => members - 1,
            Topology::Room => members,
            Topology::Pairs | Topology::AckedPairs => 1,
        }
    }

    pub(crate) fn path(&self, member: usize) -> String {
        match (self.dialect, self.topology) {
            (Dialect::Raw, Topology::Room) => "/room/0".to_owned(),
            (Dialect::Raw, Topology::Pairs) => format!("/pair/{}", member / 2),
            (Dialect::Raw, Topology::AckedPairs) => format!("/acked/{}", member / 2),
            (Dialect::Simple, _) => format!("/{}", self.nickname(member)),
            (Dialect::Protocol, _) => "/ws".to_owned(),
        }
    }

    /// What a client sends first on an open connection.
    pub(crate) fn hello(&self, member: usize) -> Option<String> {
        let hello = || json!({"type": "hello", "protocol": 1, "nickname": self.nickname(member)}).to_string();
        (self.dialect == Dialect::Protocol).then(hello)
    }

    /// Whether `text` is the welcome.
    pub(crate) fn is_welcome(&mut self, text: &[u8]) -> Result<bool, Failure> {
        if self.dialect != Dialect::Protocol || !text.starts_with(br#"{"type":"welcome""#) {
            fail_on_error(text)?;
            return Ok(false);
        }
        if self.conversations.is_empty() {
            let welcome: Value = serde_json::from_slice(text)?;
            let lobby = welcome["conversations"][0]["id"].as_str().ok_or("a welcome without a conversation")?;
            self.conversations.push(lobby.to_owned());
        }
        Ok(true)
    }

    /// The text of the frame that sends a message of `member`.
    pub(crate) fn message_text(&self, member: usize, number: u32) -> String {
        let marker = format!("~{member:05x}{number:08x}");
        let body = |frame_bytes: usize| format!("{marker:.<width$}", width = MESSAGE_BYTES - frame_bytes);
        match (self.dialect, self.topology) {
            (Dialect::Raw, _) => body(0),
            (Dialect::Simple, Topology::Room) => {
                let frame_bytes = format!(r#"{{"username":"{}","msg":""}}"#, self.nickname(member)).len();
                format!(r#"{{"msg":"{}"}}"#, body(frame_bytes))
            }
            (Dialect::Simple, Topology::Pairs | Topology::AckedPairs) => {
                let frame_bytes = format!(r#"{{"msg":"","from_user":"{}"}}"#, self.nickname(member)).len();
                format!(r#"{{"to_user":"{}","msg":"{}"}}"#, self.nickname(member ^ 1), body(frame_bytes))
            }
            (Dialect::Protocol, topology) => {
                let conversation = &self.conversations[if topology == Topology::Room { 0 } else { member / 2 }];
                let (id, body) = (command_id(member, number), body(0));
                format!(r#"{{"type":"send","id":"{id}","conversation":"{conversation}","body":"{body}"}}"#)
            }
        }
    }

    /// Returns the message in a frame that `member` received, if it is to be measured.
    pub(crate) fn parse_message(&mut self, member: usize, text: &[u8]) -> Result<Option<Message>, Failure> {
        let is_event = self.dialect != Dialect::Protocol || text.starts_with(br#"{"type":"event""#);
        let offset = match text.get(self.marker_offset) {
            _ if !is_event => None,
            Some(b'~') => Some(self.marker_offset),
            _ => text.iter().position(|byte| *byte == b'~'),
        };
        let Some(offset) = offset else {
            fail_on_error(text)?;
            return Ok(None);
        };
        self.marker_offset = offset;
        let message = parse_marker(&text[offset..]).ok_or("a message without a marker")?;
        if self.dialect != Dialect::Protocol && text.len() != MESSAGE_BYTES {
            return Err(format!("a message of {} bytes", text.len()).into());
        }
        let is_own = message.author == member;
        // In the full protocol a client also receives its own events. In pairs only the other one's delivery is
        // measured.
        let is_measured = message.number < FIRST_PROBE && (self.topology == Topology::Room || !is_own);
        Ok(is_measured.then_some(message))
    }

    /// Sends probes of `senders` until everyone has received the same ones, and their acks in the full protocol. Then
    /// nothing earlier is in flight.
    fn probe(&mut self, clients: &mut Clients, senders: &[usize]) -> Result<(), Failure> {
        let goal = self.receivers(clients.len()) * senders.len();
        let mut unacked = 0;
        for number in FIRST_PROBE..FIRST_PROBE + 100 {
            for sender in senders {
                clients.send_text(*sender, &self.message_text(*sender, number))?;
                unacked += usize::from(self.dialect == Dialect::Protocol);
            }
            let (start, mut received) = (Instant::now(), 0);
            while start.elapsed() < TIMEOUT / 20 {
                clients.poll_once(TIMEOUT / 100, |client, frame| {
                    let Received::Text(text) = frame else { return Ok(()) };
                    unacked -= usize::from(text.starts_with(br#"{"type":"ack""#));
                    let marker =
                        text.iter().position(|byte| *byte == b'~').and_then(|offset| parse_marker(&text[offset..]));
                    let counts = marker.is_some_and(|marker| {
                        let is_own = self.topology != Topology::Room && marker.author == client;
                        marker.number == number && senders.contains(&marker.author) && !is_own
                    });
                    received += usize::from(counts);
                    Ok(())
                })?;
                if received == goal && unacked == 0 {
                    return Ok(());
                }
            }
        }
        Err("not every client receives the probe, and its ack".into())
    }

    fn open_directs(&mut self, clients: &mut Clients) -> Result<(), Failure> {
        self.conversations = vec![String::new(); clients.len() / 2];
        for left in (0..clients.len()).step_by(2) {
            let (id, other) = (command_id(left, FIRST_PROBE - 1), self.nickname(left + 1));
            clients.send_text(left, &json!({"type": "open_direct", "id": id, "nickname": other}).to_string())?;
        }
        let start = Instant::now();
        while self.conversations.iter().any(String::is_empty) {
            clients.poll_once(TIMEOUT, |client, frame| {
                let Received::Text(text) = frame else { return Ok(()) };
                fail_on_error(text)?;
                if text.starts_with(br#"{"type":"ack""#) {
                    let ack: Value = serde_json::from_slice(text)?;
                    let id = ack["conversation"].as_str().ok_or("an ack without a conversation")?;
                    id.clone_into(&mut self.conversations[client / 2]);
                }
                Ok(())
            })?;
            if start.elapsed() > TIMEOUT {
                return Err("not all directs were opened".into());
            }
        }
        Ok(())
    }
}

/// A UUIDv7 as the page creates them, with cheap pseudo-random bits.
fn command_id(member: usize, number: u32) -> uuid::Uuid {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let seed = ((member as u64) << 32) | u64::from(number);
    let mut bits = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mut random = [0; 10];
    random[..2].copy_from_slice(&bits.to_le_bytes()[..2]);
    random[2..].copy_from_slice(&seed.to_be_bytes());
    uuid::Builder::from_unix_timestamp_millis(u64::try_from(now.as_millis()).unwrap_or_default(), &random).into_uuid()
}

/// Any error from the server fails the run.
pub(crate) fn fail_on_error(text: &[u8]) -> Result<(), Failure> {
    if text.starts_with(br#"{"type":"error""#) || text.starts_with(br#"{"error""#) {
        return Err(format!("refused: {}", String::from_utf8_lossy(text)).into());
    }
    Ok(())
}

fn parse_marker(text: &[u8]) -> Option<Message> {
    let digits = text.get(1..14)?;
    let read = |digits: &[u8]| {
        digits.iter().try_fold(0_u32, |value, digit| Some(value << 4 | char::from(*digit).to_digit(16)?))
    };
    Some(Message { author: usize::try_from(read(&digits[..5])?).ok()?, number: read(&digits[5..])? })
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}
