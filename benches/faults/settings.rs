//! A user who mutes and pins the Lobby and sets the read mark back, and looks on each new connection whether what was
//! acknowledged is so.

use std::time::Duration;

use rand::{Rng as _, rngs::StdRng};
use teahouse::{
    domain::{CommandId, Conversation, ConversationKind, Seq},
    protocol::{ClientFrame, ErrorCode, Hello, ServerFrame, VERSION, Welcome},
};
use tokio::{
    select,
    sync::watch,
    time::{sleep, timeout},
};

use super::{
    connection::{Connection, ConnectionEnd, decode},
    entrance::Entrance,
    failure::Failure,
};

/// How long to wait between two commands, in milliseconds.
const PAUSE: std::ops::Range<u64> = 20..250;

/// How many commands are sent on one connection, at most.
const COMMANDS_PER_CONNECTION: u32 = 8;

/// What is set of the Lobby.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct LobbySettings {
    muted: bool,
    pinned: bool,
    read_seq: Seq,
}

impl LobbySettings {
    fn of(lobby: &Conversation) -> Self {
        Self { muted: lobby.muted, pinned: lobby.pinned, read_seq: lobby.read_seq }
    }
}

/// The user. Reads and writes nothing, so nothing else moves the read mark.
pub(crate) struct Setter {
    token: String,
    lobby: Conversation,
    rng: StdRng,
    entrance: Entrance,
    /// What was acknowledged last.
    acknowledged: LobbySettings,
    /// The command without an answer, and what it comes to.
    unanswered: Option<(CommandId, ClientFrame, LobbySettings)>,
    violations: Vec<String>,
}

fn lobby_of(welcome: &Welcome) -> Option<&Conversation> {
    let is_lobby = |kind: &ConversationKind| matches!(kind, ConversationKind::Room(room) if room.lobby);
    welcome.conversations.iter().find(|conversation| is_lobby(&conversation.kind))
}

impl Setter {
    pub(crate) async fn sign_in(rng: StdRng, entrance: Entrance) -> Result<Self, Failure> {
        let hello = Hello { protocol: VERSION, nickname: Some("setter".to_owned()), ..Hello::default() };
        let opened = Connection::open(entrance.address, hello).await;
        let (_, welcome) = opened.map_err(|end| format!("{end:?}"))?;
        let lobby = lobby_of(&welcome).ok_or("everybody is in the Lobby")?.clone();
        let token = welcome.token.ok_or("a new guest gets a token")?;
        let acknowledged = LobbySettings::of(&lobby);
        Ok(Self { token, lobby, rng, entrance, acknowledged, unanswered: None, violations: Vec::new() })
    }

    /// Runs until `stop`, and until the last command is answered, at most for `settle_timeout`. Returns what was wrong.
    pub(crate) async fn run(mut self, stop: watch::Receiver<bool>, settle_timeout: Duration) -> Vec<String> {
        let mut stopped = stop.clone();
        let timed_out = async {
            // An error means that the sender is gone. Then the timeout starts as well.
            let _ = stopped.wait_for(|stop| *stop).await;
            sleep(settle_timeout).await;
        };
        select! {
            () = timed_out => self.violations.push("a setting was never answered".to_owned()),
            () = self.run_until_done(&stop) => {}
        }
        self.violations
    }

    async fn run_until_done(&mut self, stop: &watch::Receiver<bool>) {
        loop {
            let hello = Hello { protocol: VERSION, token: Some(self.token.clone()), ..Hello::default() };
            // What ended a connection does not matter here: writers and readers judge it.
            if let Ok((mut connection, welcome)) = Connection::open(self.entrance.address, hello).await {
                self.check(&welcome);
                if *stop.borrow() && self.unanswered.is_none() {
                    return;
                }
                for _ in 0..COMMANDS_PER_CONNECTION {
                    let pause = self.rng.random_range(PAUSE);
                    sleep(Duration::from_millis(pause)).await;
                    if self.unanswered.is_none() {
                        self.unanswered = Some(self.next_command());
                    }
                    if self.send(&mut connection).await.is_err() {
                        break;
                    }
                }
            }
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// Compares a welcome with what was acknowledged. An unanswered command may have taken effect or not.
    fn check(&mut self, welcome: &Welcome) {
        let Some(lobby) = lobby_of(welcome) else {
            return self.violations.push("a welcome lacks the Lobby".to_owned());
        };
        let found = LobbySettings::of(lobby);
        let perhaps = self.unanswered.as_ref().map(|(_, _, settings)| *settings);
        if found != self.acknowledged && Some(found) != perhaps {
            let acknowledged = self.acknowledged;
            self.violations
                .push(format!("the Lobby is {found:?}; acknowledged was {acknowledged:?}, perhaps {perhaps:?}"));
        }
        self.lobby = lobby.clone();
    }

    fn next_command(&mut self) -> (CommandId, ClientFrame, LobbySettings) {
        let (id, mut settings) = (CommandId::random(), self.acknowledged);
        let (mut muted, mut pinned, mut unread_from) = (None, None, None);
        match self.rng.random_range(0..3) {
            0 => muted = Some(!settings.muted),
            1 => pinned = Some(!settings.pinned),
            _ => unread_from = Some(Seq(self.rng.random_range(1..=self.lobby.last_seq.0 + 1))),
        }
        settings.muted = muted.unwrap_or(settings.muted);
        settings.pinned = pinned.unwrap_or(settings.pinned);
        settings.read_seq = unread_from.map_or(settings.read_seq, |seq| Seq(seq.0 - 1));
        let conversation = self.lobby.id;
        (id, ClientFrame::SetConversation { id, conversation, muted, pinned, unread_from }, settings)
    }

    /// Sends the unanswered command, and waits for its answer.
    async fn send(&mut self, connection: &mut Connection) -> Result<(), ConnectionEnd> {
        let Some((command, frame, settings)) = &self.unanswered else { return Ok(()) };
        connection.feed(frame).await?;
        connection.flush().await?;
        loop {
            let text =
                timeout(self.entrance.patience, connection.next()).await.map_err(|_| ConnectionEnd::Silent)??;
            match decode(&text)? {
                ServerFrame::Ack { id, .. } if id == *command => {
                    self.acknowledged = *settings;
                    self.unanswered = None;
                    return Ok(());
                }
                ServerFrame::Error(error) if error.id == Some(*command) => {
                    if !matches!(error.code, ErrorCode::StorageUnavailable | ErrorCode::RateLimited) {
                        self.violations.push(format!("a setting was refused: {error:?}"));
                        self.unanswered = None;
                    }
                    return Ok(());
                }
                _ => {}
            }
        }
    }
}
