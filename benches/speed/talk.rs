//! How each kind of server is spoken to, and what a message looks like.
//!
//! The text of every message begins with a mark, `~`, that says whose it is and its number, so that whoever gets it can
//! tell at little cost whether anything was lost, doubled or out of order.

use std::{
    net::SocketAddr,
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use serde_json::{Value, json};

use super::{
    crowd::{Crowd, PATIENCE},
    failure::Failure,
    line::Heard,
    wire::ACCEPT,
};

/// The size of a message: of all that is delivered, but with the protocol of what somebody wrote.
pub(crate) const BYTES: usize = 128;

/// How many come in at a time: less than any server's backlog.
const AT_ONCE: usize = 100;

/// The numbers from here on are not measured: they find out whether everybody hears.
const PROBES: u32 = 0xf000_0000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// Rivals and floors: the path says where one is, a message is what one sends.
    Raw,
    /// Teahouse's simple protocol.
    Simple,
    /// Teahouse's protocol.
    Protocol,
}

/// Who hears whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// All are in one room.
    Room,
    /// Members 0 and 1 hear each other, 2 and 3, and so on.
    Pairs,
}

/// What somebody has heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) author: usize,
    pub(crate) number: u32,
}

pub(crate) struct Talk {
    pub(crate) dialect: Dialect,
    pub(crate) place: Place,
    /// The ids of conversations, in the protocol: the Lobby, or each pair's direct.
    conversations: Vec<String>,
    /// The number by which the first member is called, where another talk has those before.
    first: usize,
    /// Where the mark stood last: it stands there most of the time.
    hint: usize,
}

impl Talk {
    pub(crate) fn new(dialect: Dialect, place: Place) -> Self {
        Self::beside(0, dialect, place)
    }

    /// A talk beside another one at the same server, which has `first` members.
    pub(crate) fn beside(first: usize, dialect: Dialect, place: Place) -> Self {
        Self { dialect, place, conversations: Vec::new(), first, hint: 0 }
    }

    /// A name that nobody could mix up.
    fn nickname(&self, member: usize) -> String {
        format!("p{}", self.first + member)
    }

    /// Brings so many in, and returns when each hears what it should.
    pub(crate) fn begin(&mut self, crowd: &mut Crowd, server: SocketAddr, members: usize) -> Result<(), Failure> {
        self.gather(crowd, server, members)?;
        match self.place {
            Place::Room => {
                self.probe(crowd, &[0])?;
                // And the first one, if it does not hear itself.
                if members > 1 { self.probe(crowd, &[1]) } else { Ok(()) }
            }
            Place::Pairs => {
                if self.dialect == Dialect::Protocol {
                    self.open_directs(crowd)?;
                }
                self.probe(crowd, &(0..members).collect::<Vec<_>>())
            }
        }
    }

    /// Brings so many clients in, until each has been let in.
    pub(crate) fn gather(&mut self, crowd: &mut Crowd, server: SocketAddr, count: usize) -> Result<(), Failure> {
        let goal = crowd.len() + count;
        while crowd.len() < goal {
            let first = crowd.len();
            let last = goal.min(first + AT_ONCE);
            for member in first..last {
                crowd.connect(server, &self.path(crowd.gone() + member))?;
            }
            let (mut missing, gone) = (last - first, crowd.gone());
            let deadline = Instant::now() + PATIENCE;
            while missing > 0 {
                let mut greetings = Vec::new();
                crowd.turn(PATIENCE, |who, heard| match heard {
                    Heard::Head(head) => {
                        if !head.starts_with(b"HTTP/1.1 101 ") || !contains(head, ACCEPT.as_bytes()) {
                            return Err(format!("no upgrade: {}", String::from_utf8_lossy(head)).into());
                        }
                        match self.hello(gone + who) {
                            Some(hello) => greetings.push((who, hello)),
                            None => missing -= 1,
                        }
                        Ok(())
                    }
                    Heard::Text(text) => {
                        missing -= usize::from(self.is_welcome(text)?);
                        Ok(())
                    }
                })?;
                for (who, hello) in greetings {
                    crowd.say(who, &hello)?;
                }
                if Instant::now() > deadline {
                    return Err(format!("{missing} clients are not let in").into());
                }
            }
        }
        Ok(())
    }

    /// How many hear what somebody says.
    pub(crate) fn audience(&self, members: usize) -> usize {
        match self.place {
            Place::Room if self.dialect == Dialect::Simple => members - 1,
            Place::Room => members,
            Place::Pairs => 1,
        }
    }

    pub(crate) fn path(&self, member: usize) -> String {
        match (self.dialect, self.place) {
            (Dialect::Raw, Place::Room) => "/room/0".to_owned(),
            (Dialect::Raw, Place::Pairs) => format!("/pair/{}", member / 2),
            (Dialect::Simple, _) => format!("/{}", self.nickname(member)),
            (Dialect::Protocol, _) => "/ws".to_owned(),
        }
    }

    /// What is to be said once the line is open.
    pub(crate) fn hello(&self, member: usize) -> Option<String> {
        let hello = || json!({"type": "hello", "protocol": 1, "nickname": self.nickname(member)}).to_string();
        (self.dialect == Dialect::Protocol).then(hello)
    }

    /// Whether this lets somebody in.
    pub(crate) fn is_welcome(&mut self, text: &[u8]) -> Result<bool, Failure> {
        if self.dialect != Dialect::Protocol || !text.starts_with(br#"{"type":"welcome""#) {
            refuse_refusal(text)?;
            return Ok(false);
        }
        if self.conversations.is_empty() {
            let welcome: Value = serde_json::from_slice(text)?;
            let lobby = welcome["conversations"][0]["id"].as_str().ok_or("a welcome without a room")?;
            self.conversations.push(lobby.to_owned());
        }
        Ok(true)
    }

    /// The text of a frame by which `member` says something.
    pub(crate) fn text(&self, member: usize, number: u32) -> String {
        let mark = format!("~{member:05x}{number:08x}");
        let body = |around: usize| format!("{mark:.<width$}", width = BYTES - around);
        match (self.dialect, self.place) {
            (Dialect::Raw, _) => body(0),
            (Dialect::Simple, Place::Room) => {
                let around = format!(r#"{{"username":"{}","msg":""}}"#, self.nickname(member)).len();
                format!(r#"{{"msg":"{}"}}"#, body(around))
            }
            (Dialect::Simple, Place::Pairs) => {
                let around = format!(r#"{{"msg":"","from_user":"{}"}}"#, self.nickname(member)).len();
                format!(r#"{{"to_user":"{}","msg":"{}"}}"#, self.nickname(member ^ 1), body(around))
            }
            (Dialect::Protocol, place) => {
                let conversation = &self.conversations[if place == Place::Room { 0 } else { member / 2 }];
                let (id, body) = (command_id(member, number), body(0));
                format!(r#"{{"type":"send","id":"{id}","conversation":"{conversation}","body":"{body}"}}"#)
            }
        }
    }

    /// The message in what `member` has heard, if it is one that was to be heard.
    pub(crate) fn message(&mut self, member: usize, text: &[u8]) -> Result<Option<Message>, Failure> {
        let is_event = self.dialect != Dialect::Protocol || text.starts_with(br#"{"type":"event""#);
        let place = match text.get(self.hint) {
            _ if !is_event => None,
            Some(b'~') => Some(self.hint),
            _ => text.iter().position(|byte| *byte == b'~'),
        };
        let Some(place) = place else {
            refuse_refusal(text)?;
            return Ok(None);
        };
        self.hint = place;
        let message = read_mark(&text[place..]).ok_or("a message without a mark")?;
        if self.dialect != Dialect::Protocol && text.len() != BYTES {
            return Err(format!("a message of {} bytes", text.len()).into());
        }
        let is_own = message.author == member;
        // In the protocol, one hears one's own events; between two, what the other one hears is measured.
        let is_measured = message.number < PROBES && !(self.place == Place::Pairs && is_own);
        Ok(is_measured.then_some(message))
    }

    /// Lets `speakers` speak until everybody has heard the same probe of theirs. Then no earlier one is on its way.
    fn probe(&mut self, crowd: &mut Crowd, speakers: &[usize]) -> Result<(), Failure> {
        let goal = self.audience(crowd.len()) * speakers.len();
        for number in PROBES..PROBES + 100 {
            for speaker in speakers {
                crowd.say(*speaker, &self.text(*speaker, number))?;
            }
            let (start, mut heard) = (Instant::now(), 0);
            while start.elapsed() < PATIENCE / 20 {
                crowd.turn(PATIENCE / 100, |who, what| {
                    let Heard::Text(text) = what else { return Ok(()) };
                    let mark = text.iter().position(|byte| *byte == b'~').and_then(|place| read_mark(&text[place..]));
                    let counts = mark.is_some_and(|mark| {
                        let is_own = self.place == Place::Pairs && mark.author == who;
                        mark.number == number && speakers.contains(&mark.author) && !is_own
                    });
                    heard += usize::from(counts);
                    Ok(())
                })?;
                if heard == goal {
                    return Ok(());
                }
            }
        }
        Err("not everybody hears".into())
    }

    fn open_directs(&mut self, crowd: &mut Crowd) -> Result<(), Failure> {
        self.conversations = vec![String::new(); crowd.len() / 2];
        for left in (0..crowd.len()).step_by(2) {
            let (id, other) = (command_id(left, PROBES - 1), self.nickname(left + 1));
            crowd.say(left, &json!({"type": "open_direct", "id": id, "nickname": other}).to_string())?;
        }
        let start = Instant::now();
        while self.conversations.iter().any(String::is_empty) {
            crowd.turn(PATIENCE, |who, what| {
                let Heard::Text(text) = what else { return Ok(()) };
                refuse_refusal(text)?;
                if text.starts_with(br#"{"type":"ack""#) {
                    let ack: Value = serde_json::from_slice(text)?;
                    let id = ack["conversation"].as_str().ok_or("an ack without a conversation")?;
                    id.clone_into(&mut self.conversations[who / 2]);
                }
                Ok(())
            })?;
            if start.elapsed() > PATIENCE {
                return Err("not all directs are open".into());
            }
        }
        Ok(())
    }
}

/// Such as the page makes them (UUIDv7): by the clock first, then as random as it gets for little.
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

/// A refusal of anything that was asked for fails the run.
pub(crate) fn refuse_refusal(text: &[u8]) -> Result<(), Failure> {
    if text.starts_with(br#"{"type":"error""#) || text.starts_with(br#"{"error""#) {
        return Err(format!("refused: {}", String::from_utf8_lossy(text)).into());
    }
    Ok(())
}

fn read_mark(text: &[u8]) -> Option<Message> {
    let digits = text.get(1..14)?;
    let read = |digits: &[u8]| {
        digits.iter().try_fold(0_u32, |value, digit| Some(value << 4 | char::from(*digit).to_digit(16)?))
    };
    Some(Message { author: usize::try_from(read(&digits[..5])?).ok()?, number: read(&digits[5..])? })
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}
