//! Somebody who writes as fast as the answers come, remembers what they asked for, and asks again after every break.

use std::{
    collections::{BTreeMap, HashMap},
    net::SocketAddr,
    sync::Arc,
    time::Duration,
};

use rand::{Rng as _, rngs::StdRng};
use teahouse::{
    domain::{CommandId, ConversationId, Epoch, EventKind, Seq, UserId},
    protocol::{ErrorCode, Hello, VERSION},
};
use tokio::{
    select,
    sync::watch,
    time::{Instant, sleep, sleep_until, timeout},
};

use super::{
    connection::{Connection, Ending},
    frames::{Heard, frame},
    history::{Ack, Command, Fate},
    ideas::Ideas,
    tally::Tally,
};

/// An answer that takes longer than this does not come.
const PATIENCE: Duration = Duration::from_secs(30);

/// Of a thousand commands that are without an answer when the connection is lost, so many are given up.
const ABANDONED: u32 = 30;

/// Of a thousand commands, after so many an acked one is sent again.
const REPEATED: u32 = 10;

/// What a writer brings along.
pub(crate) struct Pen {
    pub(crate) me: UserId,
    pub(crate) token: String,
    pub(crate) epoch: Epoch,
    /// The Lobby first.
    pub(crate) conversations: Vec<ConversationId>,
}

pub(crate) struct Writer {
    pen: Pen,
    rng: StdRng,
    address: SocketAddr,
    tally: Arc<Tally>,
    /// How many commands may be without an answer.
    window: usize,
    cursors: HashMap<ConversationId, Seq>,
    commands: Vec<Command>,
    by_id: HashMap<CommandId, usize>,
    /// Commands without a final answer, by their place in `commands`, with the state of the disk when they were sent.
    open: BTreeMap<usize, u64>,
    /// Those of them that were refused for now, and when to send them again.
    waiting: BTreeMap<usize, Instant>,
    /// How many answers are due to commands that are acked already.
    repeats: usize,
    ideas: Ideas,
    surprises: Vec<String>,
}

/// What a writer has to tell at the end.
pub(crate) struct Written {
    pub(crate) commands: Vec<Command>,
    pub(crate) surprises: Vec<String>,
}

impl Writer {
    pub(crate) fn new(pen: Pen, rng: StdRng, address: SocketAddr, window: usize, tally: Arc<Tally>) -> Self {
        let ideas = Ideas::new(pen.conversations.clone());
        Self {
            pen,
            rng,
            address,
            tally,
            window,
            cursors: HashMap::new(),
            commands: Vec::new(),
            by_id: HashMap::new(),
            open: BTreeMap::new(),
            waiting: BTreeMap::new(),
            repeats: 0,
            ideas,
            surprises: Vec::new(),
        }
    }

    /// Writes until `stop`, then until everything is answered, or `patience` is over.
    pub(crate) async fn run(mut self, mut stop: watch::Receiver<bool>, patience: Duration) -> Written {
        let mut stopped = stop.clone();
        let given_up = async {
            // An error means that nobody will ever say stop: then it is time, too.
            let _ = stopped.wait_for(|stop| *stop).await;
            sleep(patience).await;
        };
        select! {
            () = given_up => {}
            () = self.come_back_until_done(&mut stop) => {}
        }
        Written { commands: self.commands, surprises: self.surprises }
    }

    async fn come_back_until_done(&mut self, stop: &mut watch::Receiver<bool>) {
        loop {
            match self.connect(stop).await {
                Ok(()) => return,
                Err(Ending::Refused(error)) if error.code != ErrorCode::StorageUnavailable => {
                    self.surprises.push(format!("a session was refused: {error:?}"));
                }
                Err(Ending::Unreadable(what)) => self.surprises.push(what),
                Err(Ending::Closed(code)) => self.note_close(code),
                Err(Ending::Broken | Ending::Refused(_)) => {}
            }
            self.lose();
            let pause = self.rng.random_range(20..150);
            sleep(Duration::from_millis(pause)).await;
        }
    }

    fn note_close(&mut self, code: u16) {
        match code {
            1012 => {}
            1013 => self.tally.too_slow.one(),
            code => self.surprises.push(format!("a writer was closed with {code}")),
        }
    }

    /// The connection is gone: what was not answered may have been done or not.
    fn lose(&mut self) {
        self.repeats = 0;
        let unknown: Vec<usize> = self.open.keys().copied().filter(|place| !self.waiting.contains_key(place)).collect();
        self.tally.unknown.add(unknown.len());
        for place in unknown {
            if self.rng.random_range(0..1_000) < ABANDONED {
                self.open.remove(&place);
                self.commands[place].fate = Fate::Abandoned;
                self.tally.abandoned.one();
            }
        }
    }

    /// One connection, to its end; `Ok` when everything is done.
    async fn connect(&mut self, stop: &mut watch::Receiver<bool>) -> Result<(), Ending> {
        let hello = Hello {
            protocol: VERSION,
            token: Some(self.pen.token.clone()),
            epoch: Some(self.pen.epoch),
            cursors: self.cursors.clone(),
            ..Hello::default()
        };
        let is_back = !hello.cursors.is_empty();
        let (mut connection, welcome) = Connection::open(self.address, hello).await?;
        if is_back {
            self.tally.resumes.one();
        }
        if welcome.epoch != self.pen.epoch {
            self.surprises.push(format!("the epoch became {}", welcome.epoch));
        }
        for conversation in &welcome.conversations {
            self.cursors.entry(conversation.id).or_insert(conversation.last_seq);
        }
        // First what is not answered, in the old order.
        self.waiting.clear();
        for place in self.open.keys().copied().collect::<Vec<_>>() {
            connection.feed(&frame(&self.commands[place])).await?;
        }
        connection.flush().await?;
        loop {
            let stopping = *stop.borrow();
            if stopping && self.open.is_empty() && self.repeats == 0 {
                return Ok(());
            }
            if !stopping {
                self.write(&mut connection).await?;
            }
            self.send_refused_again(&mut connection).await?;
            let next_try = self.waiting.values().min().copied();
            select! {
                heard = timeout(PATIENCE, connection.next()) => match heard {
                    Ok(text) => self.hear(&text?)?,
                    Err(_elapsed) => return Err(Ending::Unreadable("no frame for half a minute".to_owned())),
                },
                () = sleep_until(next_try.unwrap_or_else(Instant::now)), if next_try.is_some() => {}
                // An error means that nobody will ever say stop, and the whole run is over.
                _ = stop.changed(), if !stopping => {}
            }
        }
    }

    async fn write(&mut self, connection: &mut Connection) -> Result<(), Ending> {
        let mut has_written = false;
        while self.open.len() < self.window {
            let place = self.invoke();
            connection.feed(&frame(&self.commands[place])).await?;
            has_written = true;
            if self.rng.random_range(0..1_000) < REPEATED {
                let again = self.rng.random_range(0..self.commands.len());
                if self.commands[again].fate == Fate::Acked {
                    self.repeats += 1;
                    self.tally.repeated.one();
                    connection.feed(&frame(&self.commands[again])).await?;
                }
            }
        }
        if has_written { connection.flush().await } else { Ok(()) }
    }

    async fn send_refused_again(&mut self, connection: &mut Connection) -> Result<(), Ending> {
        let now = Instant::now();
        let due: Vec<usize> = self.waiting.iter().filter(|(_, at)| **at <= now).map(|(place, _)| *place).collect();
        if due.is_empty() {
            return Ok(());
        }
        for place in due {
            self.waiting.remove(&place);
            connection.feed(&frame(&self.commands[place])).await?;
        }
        connection.flush().await
    }

    /// Thinks of a new command.
    fn invoke(&mut self) -> usize {
        let place = self.commands.len();
        let (conversation, kind) = self.ideas.next(&mut self.rng, place);
        let id = CommandId::random();
        self.commands.push(Command {
            author: self.pen.me,
            id,
            conversation,
            kind,
            fate: Fate::Open,
            acks: Vec::new(),
            may_be_late: false,
        });
        self.by_id.insert(id, place);
        self.open.insert(place, self.tally.disk.get());
        self.tally.commands.one();
        place
    }

    fn hear(&mut self, text: &str) -> Result<(), Ending> {
        let heard: Heard =
            serde_json::from_str(text).map_err(|error| Ending::Unreadable(format!("{error}: {text}")))?;
        match heard {
            Heard { kind: "ack", id: Some(id), conversation: Some(conversation), seq, at: Some(at), .. } => {
                self.hear_ack(id, Ack { conversation, seq, at });
            }
            Heard { kind: "error", id, code: Some(code), .. } => self.hear_error(id, code, text),
            Heard { kind: "event", conversation: Some(conversation), seq: Some(seq), event: Some(event), .. } => {
                self.cursors.insert(conversation, seq);
                if event.kind == "message" {
                    self.ideas.note_message(conversation, seq);
                }
            }
            Heard { kind: "reset", conversation: Some(conversation), last_seq: Some(last_seq), .. } => {
                self.cursors.insert(conversation, last_seq);
            }
            Heard { kind: "ack" | "error" | "event" | "reset", .. } => {
                return Err(Ending::Unreadable(text.to_owned()));
            }
            _ => {}
        }
        Ok(())
    }

    fn hear_ack(&mut self, id: CommandId, ack: Ack) {
        let Some(&place) = self.by_id.get(&id) else {
            return self.surprises.push(format!("an ack for {id}, which nobody sent"));
        };
        let command = &mut self.commands[place];
        command.acks.push(ack);
        if command.fate == Fate::Acked {
            self.repeats = self.repeats.saturating_sub(1);
            return;
        }
        command.fate = Fate::Acked;
        self.tally.acked.one();
        if let (EventKind::Message { .. }, Some(seq)) = (&command.kind, ack.seq) {
            self.ideas.note_own_message(command.conversation, seq);
        }
        self.settle(place);
    }

    fn hear_error(&mut self, id: Option<CommandId>, code: ErrorCode, text: &str) {
        let place = id.and_then(|id| self.by_id.get(&id).copied());
        match (place.map(|place| (place, self.commands[place].fate)), code) {
            (Some((_, Fate::Acked)), ErrorCode::StorageUnavailable) => self.repeats = self.repeats.saturating_sub(1),
            (Some((place, Fate::Open)), ErrorCode::StorageUnavailable) => {
                self.tally.refused.one();
                self.commands[place].may_be_late = true;
                let pause = Duration::from_millis(self.rng.random_range(100..500));
                self.waiting.insert(place, Instant::now() + pause);
            }
            (Some((place, Fate::Open)), ErrorCode::UnknownMessage | ErrorCode::TooManyReactions) => {
                self.tally.declined.one();
                self.commands[place].fate = Fate::Refused(code);
                self.settle(place);
            }
            (whose, _) => {
                self.surprises.push(format!("an error that nothing called for: {text}"));
                if let Some((place, Fate::Open)) = whose {
                    self.commands[place].fate = Fate::Refused(code);
                    self.settle(place);
                }
            }
        }
    }

    /// A final answer has come.
    fn settle(&mut self, place: usize) {
        self.waiting.remove(&place);
        let disk = self.tally.disk.get();
        if let Some(disk_then) = self.open.remove(&place)
            && (disk_then != disk || disk % 2 == 1)
        {
            // It may have been refused, and the answer lost with the connection.
            self.commands[place].may_be_late = true;
        }
    }
}
