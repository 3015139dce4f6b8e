//! Users who talk in the Lobby: each sends a message every two seconds and receives those of all others.
//!
//! They behave like the page: a user whose connection is lost resumes with a cursor and resends what was not
//! acknowledged.

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
    connection::{SourceAddress, encode_frame, guest_hello},
    durations::Durations,
    failure::Failure,
};

/// The second byte of their addresses.
const NETWORK: u8 = 10;

/// The time between two messages of one user.
const MESSAGE_INTERVAL: Duration = Duration::from_secs(2);

/// How long to wait for deliveries after the last message.
const TIMEOUT: Duration = Duration::from_secs(20);

/// The pause between two attempts to reconnect.
const RETRY: Duration = Duration::from_millis(200);

/// What all users together observed.
#[derive(Debug, Default)]
pub(crate) struct UserResults {
    pub(crate) sent: u64,
    pub(crate) acked: u64,
    /// Messages of users that users received, counted once for each recipient.
    pub(crate) received: u64,
    pub(crate) expected: u64,
    pub(crate) duplicated: u64,
    pub(crate) disconnects: u64,
    pub(crate) frames: u64,
    /// From the time at which a message was due until its ack.
    pub(crate) ack_times: Durations,
    /// From the time at which a message was due until each recipient had it.
    pub(crate) delivery_times: Durations,
}

impl UserResults {
    /// Messages without an ack, and deliveries that are missing.
    pub(crate) fn lost(&self) -> u64 {
        (self.sent - self.acked) + (self.expected - self.received)
    }

    fn merge(&mut self, other: Self) {
        self.sent += other.sent;
        self.acked += other.acked;
        self.received += other.received;
        self.duplicated += other.duplicated;
        self.disconnects += other.disconnects;
        self.frames += other.frames;
        self.ack_times.merge(other.ack_times);
        self.delivery_times.merge(other.delivery_times);
    }
}

pub(crate) struct Users(Vec<Arc<Mutex<User>>>);

impl Users {
    pub(crate) async fn sign_in(server: SocketAddr, user_count: usize) -> Result<Self, Failure> {
        let mut users = Vec::new();
        for number in 0..user_count {
            users.push(Arc::new(Mutex::new(User::sign_in(server, number).await?)));
        }
        Ok(Self(users))
    }

    /// Lets all users talk for `duration`, then waits. What has not arrived by the end is lost.
    pub(crate) async fn chat(&self, duration: Duration) -> UserResults {
        let run = ChatRun { start: Instant::now(), duration, user_count: self.0.len(), run_id: CommandId::random() };
        let mut chatting = JoinSet::new();
        for user in &self.0 {
            let user = Arc::clone(user);
            chatting.spawn(async move { user.lock().await.chat(run).await });
        }
        let mut results = UserResults::default();
        while let Some(result) = chatting.join_next().await {
            results.merge(result.unwrap_or_default());
        }
        results.expected = run.message_count() * self.0.len() as u64;
        results
    }
}

/// The parameters of a run, which all users share.
#[derive(Clone, Copy)]
struct ChatRun {
    start: Instant,
    duration: Duration,
    user_count: usize,
    /// Part of every message, so that messages of other runs are not counted.
    run_id: CommandId,
}

impl ChatRun {
    fn rounds(&self) -> u32 {
        u32::try_from(self.duration.as_millis() / MESSAGE_INTERVAL.as_millis()).unwrap_or(u32::MAX)
    }

    fn message_count(&self) -> u64 {
        u64::from(self.rounds()) * self.user_count as u64
    }

    /// When this user's message of this round is due. The users' messages are spread evenly over the interval.
    fn due_at(&self, user: usize, round: u32) -> Instant {
        let (user, user_count) =
            (u32::try_from(user).unwrap_or_default(), u32::try_from(self.user_count).unwrap_or(u32::MAX));
        self.start + MESSAGE_INTERVAL * user / user_count + MESSAGE_INTERVAL * round
    }

    fn body(&self, user: usize, round: u32) -> String {
        format!("{} {user} {round}", self.run_id)
    }

    /// Returns the author and the round of a message of this run.
    fn parse_body(&self, body: &str) -> Option<(usize, u32)> {
        let mut words = body.strip_prefix(&self.run_id.to_string())?.split_whitespace();
        Some((words.next()?.parse().ok()?, words.next()?.parse().ok()?))
    }
}

struct User {
    server: SocketAddr,
    number: usize,
    token: String,
    epoch: Epoch,
    lobby: ConversationId,
    /// The seq of the last event received.
    seq: Seq,
    socket: WebSocketStream<TcpStream>,
}

/// The parts of a frame that users need.
#[derive(Deserialize)]
struct ReceivedFrame<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    id: Option<CommandId>,
    conversation: Option<ConversationId>,
    seq: Option<Seq>,
    last_seq: Option<Seq>,
    event: Option<ReceivedEvent>,
}

#[derive(Default, Deserialize)]
struct ReceivedEvent {
    #[serde(default)]
    body: String,
}

/// What one user still has to send and receive.
struct Progress {
    results: UserResults,
    next_round: u32,
    /// Messages that were sent and not yet acknowledged, with their round.
    unacked: HashMap<CommandId, u32>,
    received_messages: HashSet<(usize, u32)>,
    /// The events that a reset skipped: after the first seq, up to the second.
    gap: Option<(Seq, Seq)>,
}

impl User {
    async fn sign_in(server: SocketAddr, number: usize) -> Result<Self, Failure> {
        let hello = guest_hello(format!("user {number}"));
        let mut socket = SourceAddress::new(NETWORK, number)
            .connect_with_hello(server, hello)
            .await
            .ok_or("a user could not connect")?;
        let first = socket.next().await.ok_or("no welcome")??;
        let Some(ServerFrame::Welcome(welcome)) = ServerFrame::from_json(first.to_text()?) else {
            return Err(format!("expected a welcome, got {first}").into());
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

    async fn chat(&mut self, run: ChatRun) -> UserResults {
        let mut progress = Progress {
            results: UserResults::default(),
            next_round: 0,
            unacked: HashMap::new(),
            received_messages: HashSet::new(),
            gap: None,
        };
        let end = run.start + run.duration + TIMEOUT;
        while progress.next_round < run.rounds() || !progress.is_done(&run) {
            let due_at =
                if progress.next_round < run.rounds() { run.due_at(self.number, progress.next_round) } else { end };
            select! {
                () = sleep_until(due_at) => {
                    if progress.next_round == run.rounds() {
                        break;
                    }
                    let id = CommandId::random();
                    progress.results.sent += 1;
                    progress.unacked.insert(id, progress.next_round);
                    progress.next_round += 1;
                    if self.send(&run, id, progress.next_round - 1).await.is_none() {
                        self.reconnect(&run, &mut progress, end).await;
                    }
                }
                message = self.socket.next() => match message {
                    Some(Ok(Message::Text(text))) => {
                        self.handle_frame(&run, &mut progress, &text);
                        if let Some((after, end)) = progress.gap.take() {
                            self.fetch_missed(&run, &mut progress, after, end).await;
                        }
                    }
                    Some(Ok(Message::Close(_)) | Err(_)) | None => self.reconnect(&run, &mut progress, end).await,
                    Some(Ok(_)) => {}
                },
            }
        }
        progress.results
    }

    async fn send(&mut self, run: &ChatRun, id: CommandId, round: u32) -> Option<()> {
        let body = run.body(self.number, round);
        self.socket
            .send(encode_frame(&ClientFrame::Send { id, conversation: self.lobby, body, reply_to: None }))
            .await
            .ok()
    }

    fn handle_frame(&mut self, run: &ChatRun, progress: &mut Progress, text: &str) {
        progress.results.frames += 1;
        let Ok(frame) = serde_json::from_str::<ReceivedFrame<'_>>(text) else { return };
        let in_lobby = frame.conversation == Some(self.lobby);
        match frame.kind {
            "ack" => {
                if let Some(round) = frame.id.and_then(|id| progress.unacked.remove(&id)) {
                    progress.results.acked += 1;
                    progress.results.ack_times.record(run.due_at(self.number, round).elapsed());
                }
            }
            "event" if in_lobby => {
                self.seq = frame.seq.unwrap_or(self.seq);
                progress.record_message(run, &frame.event.unwrap_or_default().body);
            }
            // The server replays only so many events. The page fetches the others by HTTP, and so do these users.
            "reset" if in_lobby => progress.gap = frame.last_seq.map(|end| (self.seq, end)),
            _ => {}
        }
    }

    /// Fetches the skipped messages page by page. What cannot be fetched counts as lost.
    async fn fetch_missed(&mut self, run: &ChatRun, progress: &mut Progress, mut after: Seq, end: Seq) {
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

        let client = reqwest::Client::builder().local_address(SourceAddress::new(NETWORK, self.number).ip()).build();
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
                progress.record_message(run, &message.body);
            }
            after = page.messages.last().map_or(end, |message| message.seq);
            if !page.more {
                break;
            }
        }
        self.seq = self.seq.max(end);
    }

    async fn reconnect(&mut self, run: &ChatRun, progress: &mut Progress, end: Instant) {
        progress.results.disconnects += 1;
        while Instant::now() < end {
            let hello = Hello {
                protocol: VERSION,
                token: Some(self.token.clone()),
                epoch: Some(self.epoch),
                cursors: HashMap::from([(self.lobby, self.seq)]),
                ..Hello::default()
            };
            if let Some(socket) = SourceAddress::new(NETWORK, self.number).connect_with_hello(self.server, hello).await
            {
                self.socket = socket;
                let unacked: Vec<_> = progress.unacked.iter().map(|(id, round)| (*id, *round)).collect();
                for (id, round) in unacked {
                    if self.send(run, id, round).await.is_none() {
                        break;
                    }
                }
                return;
            }
            sleep(RETRY).await;
        }
    }
}

impl Progress {
    /// Counts a message, whether it was delivered or fetched.
    fn record_message(&mut self, run: &ChatRun, body: &str) {
        let Some((user, round)) = run.parse_body(body) else { return };
        if self.received_messages.insert((user, round)) {
            self.results.received += 1;
            self.results.delivery_times.record(run.due_at(user, round).elapsed());
        } else {
            self.results.duplicated += 1;
        }
    }

    fn is_done(&self, run: &ChatRun) -> bool {
        self.unacked.is_empty() && self.received_messages.len() as u64 == run.message_count()
    }
}
