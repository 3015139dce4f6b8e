//! Those who talk: each a message every two seconds in the Lobby, each hearing all the others.
//!
//! They do what the page does: who is cut off comes back with a cursor, and sends again what was not acked.

use std::{
    collections::{HashMap, HashSet},
    net::SocketAddr,
    sync::Arc,
    time::Duration,
};

use futures_util::{SinkExt as _, StreamExt as _};
use serde::Deserialize;
use teahouse::{
    domain::{CommandId, ConversationId, Epoch, Seq},
    protocol::{ClientFrame, FromJson as _, Hello, ServerFrame, VERSION},
};
use tokio::{
    net::TcpStream,
    select,
    sync::Mutex,
    task::JoinSet,
    time::{Instant, sleep, sleep_until},
};
use tokio_tungstenite::{WebSocketStream, tungstenite::Message};

use super::{
    failure::Failure,
    line::{Address, frame, guest},
    times::Times,
};

/// Where they live.
const STREET: u8 = 10;

/// Between two messages of one.
const PAUSE: Duration = Duration::from_secs(2);

/// How long after the last message something may still come.
const PATIENCE: Duration = Duration::from_secs(20);

/// Between two tries to come back.
const RETRY: Duration = Duration::from_millis(200);

/// What people saw, all of them together.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    pub(crate) sent: u64,
    pub(crate) acked: u64,
    /// Messages of people that people were told, each counted once for each who was.
    pub(crate) told: u64,
    pub(crate) due: u64,
    pub(crate) twice: u64,
    pub(crate) cut_off: u64,
    pub(crate) frames: u64,
    /// From the moment at which a message was due.
    pub(crate) acks: Times,
    /// The same, to each who was told.
    pub(crate) deliveries: Times,
}

impl Heard {
    /// Messages without an ack, and those that somebody was not told.
    pub(crate) fn lost(&self) -> u64 {
        (self.sent - self.acked) + (self.due - self.told)
    }

    fn take(&mut self, other: Self) {
        self.sent += other.sent;
        self.acked += other.acked;
        self.told += other.told;
        self.twice += other.twice;
        self.cut_off += other.cut_off;
        self.frames += other.frames;
        self.acks.take(other.acks);
        self.deliveries.take(other.deliveries);
    }
}

pub(crate) struct People(Vec<Arc<Mutex<Person>>>);

impl People {
    pub(crate) async fn arrive(server: SocketAddr, many: usize) -> Result<Self, Failure> {
        let mut people = Vec::new();
        for number in 0..many {
            people.push(Arc::new(Mutex::new(Person::arrive(server, number).await?)));
        }
        Ok(Self(people))
    }

    /// Talks for so long; everything that is due has come by the end, or is lost.
    pub(crate) async fn talk(&self, length: Duration) -> Heard {
        let talk = Talk { begin: Instant::now(), length, many: self.0.len(), tag: CommandId::random() };
        let mut talking = JoinSet::new();
        for person in &self.0 {
            let person = Arc::clone(person);
            talking.spawn(async move { person.lock().await.talk(talk).await });
        }
        let mut heard = Heard::default();
        while let Some(one) = talking.join_next().await {
            heard.take(one.unwrap_or_default());
        }
        heard.due = talk.messages() * self.0.len() as u64;
        heard
    }
}

/// What all of them know of it.
#[derive(Clone, Copy)]
struct Talk {
    begin: Instant,
    length: Duration,
    many: usize,
    /// In every message, so that no other talk is taken for this one.
    tag: CommandId,
}

impl Talk {
    fn rounds(&self) -> u32 {
        u32::try_from(self.length.as_millis() / PAUSE.as_millis()).unwrap_or(u32::MAX)
    }

    fn messages(&self) -> u64 {
        u64::from(self.rounds()) * self.many as u64
    }

    /// When this person's message of this round is due. They take turns.
    fn due(&self, person: usize, round: u32) -> Instant {
        let (person, many) = (u32::try_from(person).unwrap_or_default(), u32::try_from(self.many).unwrap_or(u32::MAX));
        self.begin + PAUSE * person / many + PAUSE * round
    }

    fn body(&self, person: usize, round: u32) -> String {
        format!("{} {person} {round}", self.tag)
    }

    /// Who said it, and in which round, if it belongs to this talk.
    fn read(&self, body: &str) -> Option<(usize, u32)> {
        let mut words = body.strip_prefix(&self.tag.to_string())?.split_whitespace();
        Some((words.next()?.parse().ok()?, words.next()?.parse().ok()?))
    }
}

struct Person {
    server: SocketAddr,
    number: usize,
    token: String,
    epoch: Epoch,
    lobby: ConversationId,
    /// The last event that was told.
    seq: Seq,
    socket: WebSocketStream<TcpStream>,
}

/// As much of a frame as people care for.
#[derive(Deserialize)]
struct Told<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    id: Option<CommandId>,
    conversation: Option<ConversationId>,
    seq: Option<Seq>,
    last_seq: Option<Seq>,
    event: Option<Said>,
}

#[derive(Default, Deserialize)]
struct Said {
    #[serde(default)]
    body: String,
}

/// What one person has yet to see of a talk.
struct Waiting {
    heard: Heard,
    round: u32,
    /// Sent, and not yet acked.
    unacked: HashMap<CommandId, u32>,
    seen: HashSet<(usize, u32)>,
    /// What a reset left out: after the first, up to the second.
    gap: Option<(Seq, Seq)>,
}

impl Person {
    async fn arrive(server: SocketAddr, number: usize) -> Result<Self, Failure> {
        let hello = guest(format!("person {number}"));
        let mut socket = Address::of(STREET, number).greet(server, hello).await.ok_or("somebody could not come in")?;
        let first = socket.next().await.ok_or("no welcome")??;
        let Some(ServerFrame::Welcome(welcome)) = ServerFrame::from_json(first.to_text()?) else {
            return Err(format!("no welcome, but {first}").into());
        };
        let lobby = welcome.conversations.first().ok_or("no Lobby")?;
        Ok(Self {
            server,
            number,
            token: welcome.token.ok_or("no token")?,
            epoch: welcome.epoch,
            lobby: lobby.id,
            seq: lobby.last_seq,
            socket,
        })
    }

    async fn talk(&mut self, talk: Talk) -> Heard {
        let mut waiting =
            Waiting { heard: Heard::default(), round: 0, unacked: HashMap::new(), seen: HashSet::new(), gap: None };
        let end = talk.begin + talk.length + PATIENCE;
        while waiting.round < talk.rounds() || !waiting.is_done(&talk) {
            let due = if waiting.round < talk.rounds() { talk.due(self.number, waiting.round) } else { end };
            select! {
                () = sleep_until(due) => {
                    if waiting.round == talk.rounds() {
                        break;
                    }
                    let id = CommandId::random();
                    waiting.heard.sent += 1;
                    waiting.unacked.insert(id, waiting.round);
                    waiting.round += 1;
                    if self.send(&talk, id, waiting.round - 1).await.is_none() {
                        self.come_back(&talk, &mut waiting, end).await;
                    }
                }
                message = self.socket.next() => match message {
                    Some(Ok(Message::Text(text))) => {
                        self.hear(&talk, &mut waiting, &text);
                        if let Some((after, end)) = waiting.gap.take() {
                            self.fetch(&talk, &mut waiting, after, end).await;
                        }
                    }
                    Some(Ok(Message::Close(_)) | Err(_)) | None => self.come_back(&talk, &mut waiting, end).await,
                    Some(Ok(_)) => {}
                },
            }
        }
        waiting.heard
    }

    async fn send(&mut self, talk: &Talk, id: CommandId, round: u32) -> Option<()> {
        let body = talk.body(self.number, round);
        self.socket.send(frame(&ClientFrame::Send { id, conversation: self.lobby, body })).await.ok()
    }

    fn hear(&mut self, talk: &Talk, waiting: &mut Waiting, text: &str) {
        waiting.heard.frames += 1;
        let Ok(told) = serde_json::from_str::<Told<'_>>(text) else { return };
        let here = told.conversation == Some(self.lobby);
        match told.kind {
            "ack" => {
                if let Some(round) = told.id.and_then(|id| waiting.unacked.remove(&id)) {
                    waiting.heard.acked += 1;
                    waiting.heard.acks.note(talk.due(self.number, round).elapsed());
                }
            }
            "event" if here => {
                self.seq = told.seq.unwrap_or(self.seq);
                waiting.note(talk, &told.event.unwrap_or_default().body);
            }
            // More than is replayed: what lies between is fetched, as a page does.
            "reset" if here => waiting.gap = told.last_seq.map(|end| (self.seq, end)),
            _ => {}
        }
    }

    /// Reads page after page. What cannot be read is missing in the end, and counts as lost.
    async fn fetch(&mut self, talk: &Talk, waiting: &mut Waiting, mut after: Seq, end: Seq) {
        #[derive(Deserialize)]
        struct Page {
            messages: Vec<Fetched>,
            more: bool,
        }
        #[derive(Deserialize)]
        struct Fetched {
            seq: Seq,
            body: String,
        }

        let client = reqwest::Client::builder().local_address(Address::of(STREET, self.number).ip()).build();
        let Ok(client) = client else { return };
        while after < end {
            let path = format!("http://{}/api/conversations/lobby/messages?limit=200&after={after}", self.server);
            let answer = client.get(path).bearer_auth(&self.token).send().await;
            let page = match answer {
                Ok(answer) => answer.json::<Page>().await,
                Err(error) => Err(error),
            };
            let Ok(page) = page else {
                sleep(RETRY).await;
                continue;
            };
            for message in page.messages.iter().filter(|message| message.seq <= end) {
                waiting.note(talk, &message.body);
            }
            after = page.messages.last().map_or(end, |message| message.seq);
            if !page.more {
                break;
            }
        }
        self.seq = self.seq.max(end);
    }

    async fn come_back(&mut self, talk: &Talk, waiting: &mut Waiting, end: Instant) {
        waiting.heard.cut_off += 1;
        while Instant::now() < end {
            let hello = Hello {
                protocol: VERSION,
                token: Some(self.token.clone()),
                epoch: Some(self.epoch),
                cursors: HashMap::from([(self.lobby, self.seq)]),
                ..Hello::default()
            };
            if let Some(socket) = Address::of(STREET, self.number).greet(self.server, hello).await {
                self.socket = socket;
                let again: Vec<_> = waiting.unacked.iter().map(|(id, round)| (*id, *round)).collect();
                for (id, round) in again {
                    if self.send(talk, id, round).await.is_none() {
                        break;
                    }
                }
                return;
            }
            sleep(RETRY).await;
        }
    }
}

impl Waiting {
    /// A message was told, in whichever way.
    fn note(&mut self, talk: &Talk, body: &str) {
        let Some((person, round)) = talk.read(body) else { return };
        if self.seen.insert((person, round)) {
            self.heard.told += 1;
            self.heard.deliveries.note(talk.due(person, round).elapsed());
        } else {
            self.heard.twice += 1;
        }
    }

    fn is_done(&self, talk: &Talk) -> bool {
        self.unacked.is_empty() && self.seen.len() as u64 == talk.messages()
    }
}
