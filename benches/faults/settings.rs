//! A user who mutes and pins the Lobby and sets the read mark back, and looks on each new connection whether what was
//! acknowledged is so.

use std::time::Duration;

use rand::{Rng as _, rngs::StdRng};
use teahouse::{
    domain::{CommandId, Conversation, ConversationKind, Seq, User},
    protocol::{ErrorCode, Hello, ServerFrame, VERSION, Welcome},
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
    frames::command_frame,
    history::{Ack, Command, CommandKind, Outcome, UserSetting},
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

    fn with(self, setting: UserSetting) -> Self {
        match setting {
            UserSetting::Muted(muted) => Self { muted, ..self },
            UserSetting::Pinned(pinned) => Self { pinned, ..self },
            UserSetting::UnreadFrom(seq) => Self { read_seq: Seq(seq.0.saturating_sub(1)), ..self },
            UserSetting::ThreadMuted { .. } => self,
        }
    }
}

/// The user. Reads and writes nothing, so nothing else moves the read mark.
pub(crate) struct Setter {
    pub(crate) user: User,
    pub(crate) token: String,
    lobby: Conversation,
    rng: StdRng,
    entrance: Entrance,
    /// What was acknowledged last.
    acknowledged: LobbySettings,
    /// What the command without an answer comes to. It is the last one.
    unanswered: Option<LobbySettings>,
    commands: Vec<Command>,
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
        let (user, acknowledged) = (welcome.me.user(), LobbySettings::of(&lobby));
        let (commands, violations) = (Vec::new(), Vec::new());
        Ok(Self { user, token, lobby, rng, entrance, acknowledged, unanswered: None, commands, violations })
    }

    /// Runs until `stop`, and until the last command is answered, at most for `settle_timeout`. Returns all commands, and what
    /// was wrong.
    pub(crate) async fn run(
        mut self,
        stop: watch::Receiver<bool>,
        settle_timeout: Duration,
    ) -> (Vec<Command>, Vec<String>) {
        let mut stopped = stop.clone();
        let timed_out = async {
            // An error means that the sender is gone. Then the timeout starts as well.
            let _ = stopped.wait_for(|stop| *stop).await;
            sleep(settle_timeout).await;
        };
        select! {
            () = timed_out => {}
            () = self.run_until_done(&stop) => {}
        }
        (self.commands, self.violations)
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
                        self.plan_command();
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
        let (acknowledged, perhaps) = (self.acknowledged, self.unanswered);
        if found != acknowledged && Some(found) != perhaps {
            self.violations
                .push(format!("the Lobby is {found:?}; acknowledged was {acknowledged:?}, perhaps {perhaps:?}"));
        }
        self.lobby = lobby.clone();
    }

    fn plan_command(&mut self) {
        let setting = match self.rng.random_range(0..3) {
            0 => UserSetting::Muted(!self.acknowledged.muted),
            1 => UserSetting::Pinned(!self.acknowledged.pinned),
            _ => UserSetting::UnreadFrom(Seq(self.rng.random_range(1..=self.lobby.last_seq.0 + 1))),
        };
        self.unanswered = Some(self.acknowledged.with(setting));
        self.commands.push(Command {
            author: self.user.id,
            id: CommandId::random(),
            conversation: self.lobby.id,
            kind: CommandKind::Setting(setting),
            outcome: Outcome::Unanswered,
            acks: Vec::new(),
            may_be_late: false,
        });
    }

    /// Sends the unanswered command, and waits for its answer.
    async fn send(&mut self, connection: &mut Connection) -> Result<(), ConnectionEnd> {
        let (Some(settings), Some(command)) = (self.unanswered, self.commands.last_mut()) else { return Ok(()) };
        connection.feed(&command_frame(command)).await?;
        connection.flush().await?;
        loop {
            let text =
                timeout(self.entrance.patience, connection.next()).await.map_err(|_| ConnectionEnd::Silent)??;
            match decode(&text)? {
                ServerFrame::Ack { id, conversation, seq, at } if id == command.id => {
                    command.acks.push(Ack { conversation, seq, at });
                    command.outcome = Outcome::Acked;
                    self.acknowledged = settings;
                    self.unanswered = None;
                    return Ok(());
                }
                ServerFrame::Error(error) if error.id == Some(command.id) => {
                    if !matches!(error.code, ErrorCode::StorageUnavailable | ErrorCode::RateLimited) {
                        command.outcome = Outcome::Refused(error.code);
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
