//! A writer: sends commands as fast as answers come, remembers them, and resends the unanswered ones after each
//! reconnect.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use rand::{Rng as _, rngs::StdRng};
use teahouse::{
    domain::{CommandId, ConversationId, EventKind, Seq},
    protocol::{ErrorCode, Hello, VERSION},
};
use tokio::{
    select,
    sync::watch,
    time::{Instant, sleep, sleep_until, timeout},
};

use super::{
    connection::{Connection, ConnectionEnd},
    counters::Counters,
    entrance::Entrance,
    frames::{ReceivedFrame, command_frame},
    history::{Ack, Command, CommandKind, Outcome},
    planned_commands::PlannedCommands,
    talk_log::TalkLog,
    writer_setup::WriterSetup,
};

/// Of 1,000 commands that are unanswered when a connection is lost, how many are abandoned.
const ABANDONED_PER_MILLE: u32 = 30;

/// Per 1,000 new commands, how often an acknowledged one is sent again.
const REPEATED_PER_MILLE: u32 = 10;

pub(crate) struct Writer {
    setup: WriterSetup,
    rng: StdRng,
    entrance: Entrance,
    counters: Arc<Counters>,
    /// How many commands may be unanswered.
    window: usize,
    /// About how long to wait between two new commands.
    pause: Duration,
    /// When the next new command may be sent.
    next_command_at: Instant,
    cursors: HashMap<ConversationId, Seq>,
    commands: Vec<Command>,
    by_id: HashMap<CommandId, usize>,
    /// Commands without a final answer, by their index in `commands`.
    unanswered: BTreeMap<usize, Sent>,
    /// Those of them that were refused for now, and when to send them again.
    retry_at: BTreeMap<usize, Instant>,
    /// How many answers are still due for acknowledged commands that were sent again.
    pending_repeats: usize,
    planned_commands: PlannedCommands,
    talk_log: TalkLog,
    violations: Vec<String>,
}

/// A command that has no final answer.
struct Sent {
    /// When it was sent first.
    at: Instant,
    /// Whether a connection was lost since then, and with it perhaps an answer.
    connection_was_lost: bool,
}

/// How fast a writer sends, and where to.
#[derive(Clone, Copy)]
pub(crate) struct Pace {
    /// How many commands may be unanswered.
    pub(crate) window: usize,
    /// About how long to wait between two new commands.
    pub(crate) pause: Duration,
    /// Of 100 commands, how many go to the Lobby.
    pub(crate) lobby_share: u32,
}

/// The result of a writer.
pub(crate) struct WriterRecord {
    pub(crate) commands: Vec<Command>,
    pub(crate) talk_log: TalkLog,
    pub(crate) violations: Vec<String>,
}

impl Writer {
    pub(crate) fn new(
        setup: WriterSetup,
        mut rng: StdRng,
        entrance: Entrance,
        pace: Pace,
        counters: Arc<Counters>,
    ) -> Self {
        let planned_commands = PlannedCommands::new(&setup, pace.lobby_share);
        // Not all at the same time.
        let next_command_at = Instant::now() + pace.pause.mul_f64(rng.random());
        Self {
            setup,
            rng,
            entrance,
            counters,
            window: pace.window,
            pause: pace.pause,
            next_command_at,
            cursors: HashMap::new(),
            commands: Vec::new(),
            by_id: HashMap::new(),
            unanswered: BTreeMap::new(),
            retry_at: BTreeMap::new(),
            pending_repeats: 0,
            planned_commands,
            talk_log: TalkLog::default(),
            violations: Vec::new(),
        }
    }

    /// Writes until `stop`, then waits until everything is answered, at most for `settle_timeout`.
    pub(crate) async fn run(mut self, mut stop: watch::Receiver<bool>, settle_timeout: Duration) -> WriterRecord {
        let mut stopped = stop.clone();
        let timed_out = async {
            // An error means that the sender is gone. Then the timeout starts as well.
            let _ = stopped.wait_for(|stop| *stop).await;
            sleep(settle_timeout).await;
        };
        select! {
            () = timed_out => {}
            () = self.run_until_done(&mut stop) => {}
        }
        WriterRecord { commands: self.commands, talk_log: self.talk_log, violations: self.violations }
    }

    async fn run_until_done(&mut self, stop: &mut watch::Receiver<bool>) {
        loop {
            match self.connect(stop).await {
                Ok(()) => return,
                Err(ConnectionEnd::Refused(error)) if error.code != ErrorCode::StorageUnavailable => {
                    self.violations.push(format!("a session was refused: {error:?}"));
                }
                Err(ConnectionEnd::InvalidFrame(text)) => self.violations.push(text),
                Err(ConnectionEnd::Closed(code)) => self.handle_close(code),
                Err(ConnectionEnd::Silent) if self.entrance.must_answer => {
                    self.violations.push(format!("no frame for {:?}", self.entrance.patience));
                }
                Err(ConnectionEnd::Silent) => self.counters.given_up.increment(),
                Err(ConnectionEnd::Broken | ConnectionEnd::Refused(_)) => {}
            }
            self.handle_lost_connection();
            let pause = self.rng.random_range(20..150);
            sleep(Duration::from_millis(pause)).await;
        }
    }

    fn handle_close(&mut self, code: u16) {
        match code {
            1012 => {}
            1013 => self.counters.closed_as_too_slow.increment(),
            code => self.violations.push(format!("a writer was closed with code {code}")),
        }
    }

    /// The connection is lost. Unanswered commands may have taken effect or not.
    fn handle_lost_connection(&mut self) {
        self.talk_log.disconnect();
        self.pending_repeats = 0;
        let unanswered: Vec<usize> =
            self.unanswered.keys().copied().filter(|index| !self.retry_at.contains_key(index)).collect();
        self.counters.unanswered.add(unanswered.len());
        for sent in self.unanswered.values_mut() {
            sent.connection_was_lost = true;
        }
        for index in unanswered {
            if self.rng.random_range(0..1_000) < ABANDONED_PER_MILLE {
                self.unanswered.remove(&index);
                self.commands[index].outcome = Outcome::Abandoned;
                self.counters.abandoned.increment();
            }
        }
    }

    /// Uses one connection until it ends. Returns `Ok` when everything is done.
    async fn connect(&mut self, stop: &mut watch::Receiver<bool>) -> Result<(), ConnectionEnd> {
        let hello = Hello {
            protocol: VERSION,
            token: Some(self.setup.token.clone()),
            epoch: Some(self.setup.epoch),
            cursors: self.cursors.clone(),
            ..Hello::default()
        };
        let is_resume = !hello.cursors.is_empty();
        let (mut connection, welcome) = Connection::open(self.entrance.address, hello).await?;
        let server = connection.local_address().and_then(|address| self.entrance.routes.server_of(address));
        if self.talk_log.connect(server) {
            self.counters.moves.increment();
        }
        if is_resume {
            self.counters.resumes.increment();
        }
        if welcome.epoch != self.setup.epoch {
            self.violations.push(format!("the epoch changed to {}", welcome.epoch));
        }
        for conversation in &welcome.conversations {
            self.cursors.entry(conversation.id).or_insert(conversation.last_seq);
        }
        // Unanswered commands come first, in their original order.
        self.retry_at.clear();
        for index in self.unanswered.keys().copied().collect::<Vec<_>>() {
            connection.feed(&command_frame(&self.commands[index])).await?;
        }
        connection.flush().await?;
        loop {
            let stopping = *stop.borrow();
            if stopping && self.unanswered.is_empty() && self.pending_repeats == 0 {
                return Ok(());
            }
            if !stopping {
                self.send_new_commands(&mut connection).await?;
            }
            self.resend_refused(&mut connection).await?;
            let next_command = (!stopping).then(|| self.next_command_at()).flatten();
            let next_try = self.retry_at.values().copied().chain(next_command).min();
            select! {
                frame_text = timeout(self.entrance.patience, connection.next()) => match frame_text {
                    Ok(text) => self.handle_frame(&text?)?,
                    Err(_elapsed) => return Err(ConnectionEnd::Silent),
                },
                () = sleep_until(next_try.unwrap_or_else(Instant::now)), if next_try.is_some() => {}
                // An error means that the whole run is over.
                _ = stop.changed(), if !stopping => {}
            }
        }
    }

    async fn send_new_commands(&mut self, connection: &mut Connection) -> Result<(), ConnectionEnd> {
        let mut has_sent = false;
        while self.unanswered.len() < self.window && self.next_command_at <= Instant::now() {
            if !self.pause.is_zero() {
                self.next_command_at = Instant::now() + self.pause.mul_f64(self.rng.random_range(0.5..1.5));
            }
            let index = self.new_command();
            connection.feed(&command_frame(&self.commands[index])).await?;
            has_sent = true;
            if self.rng.random_range(0..1_000) < REPEATED_PER_MILLE {
                let repeated_index = self.rng.random_range(0..self.commands.len());
                if self.commands[repeated_index].outcome == Outcome::Acked {
                    self.pending_repeats += 1;
                    self.counters.resent_after_ack.increment();
                    connection.feed(&command_frame(&self.commands[repeated_index])).await?;
                }
            }
        }
        if has_sent { connection.flush().await } else { Ok(()) }
    }

    /// When the next command is due, if that is later.
    fn next_command_at(&self) -> Option<Instant> {
        (self.unanswered.len() < self.window && !self.pause.is_zero()).then_some(self.next_command_at)
    }

    async fn resend_refused(&mut self, connection: &mut Connection) -> Result<(), ConnectionEnd> {
        let now = Instant::now();
        let due: Vec<usize> = self.retry_at.iter().filter(|(_, at)| **at <= now).map(|(index, _)| *index).collect();
        if due.is_empty() {
            return Ok(());
        }
        for index in due {
            self.retry_at.remove(&index);
            connection.feed(&command_frame(&self.commands[index])).await?;
        }
        connection.flush().await
    }

    /// Creates the next command. Returns its index.
    fn new_command(&mut self) -> usize {
        let index = self.commands.len();
        let (conversation, kind) = self.planned_commands.next(&mut self.rng, index);
        let id = CommandId::random();
        self.commands.push(Command {
            author: self.setup.me,
            id,
            conversation,
            kind,
            outcome: Outcome::Unanswered,
            acks: Vec::new(),
            may_be_late: false,
        });
        self.by_id.insert(id, index);
        self.unanswered.insert(index, Sent { at: Instant::now(), connection_was_lost: false });
        self.counters.commands.increment();
        index
    }

    fn handle_frame(&mut self, text: &str) -> Result<(), ConnectionEnd> {
        let frame: ReceivedFrame =
            serde_json::from_str(text).map_err(|error| ConnectionEnd::InvalidFrame(format!("{error}: {text}")))?;
        match frame {
            ReceivedFrame {
                kind: "ack", id: Some(id), conversation: Some(conversation), seq, at: Some(at), ..
            } => {
                self.handle_ack(id, Ack { conversation, seq, at });
            }
            ReceivedFrame { kind: "error", id, code: Some(code), .. } => self.handle_error(id, code, text),
            ReceivedFrame {
                kind: "event",
                conversation: Some(conversation),
                seq: Some(seq),
                event: Some(event),
                ..
            } => {
                self.cursors.insert(conversation, seq);
                if event.kind == "message" {
                    self.planned_commands.add_message(conversation, seq);
                }
            }
            ReceivedFrame { kind: "reset", conversation: Some(conversation), last_seq: Some(last_seq), .. } => {
                self.cursors.insert(conversation, last_seq);
            }
            ReceivedFrame { kind: "ack" | "error" | "event" | "reset", .. } => {
                return Err(ConnectionEnd::InvalidFrame(text.to_owned()));
            }
            _ => {}
        }
        Ok(())
    }

    fn handle_ack(&mut self, id: CommandId, ack: Ack) {
        let Some(&index) = self.by_id.get(&id) else {
            return self.violations.push(format!("an ack for {id}, which was never sent"));
        };
        let command = &mut self.commands[index];
        command.acks.push(ack);
        if command.outcome == Outcome::Acked {
            self.pending_repeats = self.pending_repeats.saturating_sub(1);
            return;
        }
        command.outcome = Outcome::Acked;
        self.counters.acked.increment();
        if let Some(sent) = self.unanswered.get(&index) {
            self.talk_log.ack(sent.at);
        }
        if let (CommandKind::Event(EventKind::Message { .. }), Some(seq)) = (&command.kind, ack.seq) {
            self.planned_commands.add_own_message(command.conversation, seq);
        }
        self.mark_answered(index);
    }

    fn handle_error(&mut self, id: Option<CommandId>, code: ErrorCode, text: &str) {
        let index = id.and_then(|id| self.by_id.get(&id).copied());
        match (index.map(|index| (index, self.commands[index].outcome)), code) {
            (Some((_, Outcome::Acked)), ErrorCode::StorageUnavailable) => {
                self.pending_repeats = self.pending_repeats.saturating_sub(1);
            }
            (Some((index, Outcome::Unanswered)), ErrorCode::StorageUnavailable) => {
                self.counters.refused_for_now.increment();
                self.commands[index].may_be_late = true;
                let pause = Duration::from_millis(self.rng.random_range(100..500));
                self.retry_at.insert(index, Instant::now() + pause);
            }
            (
                Some((index, Outcome::Unanswered)),
                ErrorCode::UnknownMessage | ErrorCode::TooManyReactions | ErrorCode::TooManyPins,
            ) => {
                self.counters.refused_for_good.increment();
                self.commands[index].outcome = Outcome::Refused(code);
                self.mark_answered(index);
            }
            // At a resume, for instance; the server closes the connection then.
            (None, ErrorCode::StorageUnavailable) if !self.entrance.must_answer => {}
            (known_command, _) => {
                self.violations.push(format!("an unexpected error: {text}"));
                if let Some((index, Outcome::Unanswered)) = known_command {
                    self.commands[index].outcome = Outcome::Refused(code);
                    self.mark_answered(index);
                }
            }
        }
    }

    /// Records that a final answer has come.
    fn mark_answered(&mut self, index: usize) {
        self.retry_at.remove(&index);
        if let Some(sent) = self.unanswered.remove(&index)
            && sent.connection_was_lost
            && self.counters.storage_trouble.was_felt_since(sent.at)
        {
            // A server may have refused the command, and the answer was lost with the connection.
            self.commands[index].may_be_late = true;
        }
    }
}
