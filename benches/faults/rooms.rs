//! Rooms whose members change all the time: who changes them, and a visitor of a private room, who must hear of it as a member
//! and never otherwise.

use std::{sync::Arc, time::Duration};

use rand::{Rng as _, rngs::StdRng};
use teahouse::{
    domain::{
        Action, CommandId, ConversationId, EventKind, ModerationNotice, Role, RoomChange, RoomName, RoomTopic, Scope,
        User, UserId, Visibility,
    },
    protocol::{ClientFrame, ErrorCode, Hello, ServerFrame, VERSION, Welcome},
};
use tokio::{
    select,
    sync::watch,
    time::{sleep, timeout},
};

use super::{
    connection::{Connection, ConnectionEnd, decode},
    counters::Counters,
    entrance::Entrance,
    failure::Failure,
    history::{Ack, Command, CommandKind, Observation, Outcome, ReaderRecord, Visit},
    http_api::HttpApi,
    reader::LastSeqs,
    shared_events::SharedEvents,
};

/// How long to wait between two changes, in milliseconds.
const PAUSE: std::ops::Range<u64> = 20..250;

/// Who is there when the run begins.
pub(crate) struct RoomSetup {
    /// Owns the private room. The only one whose commands change rooms.
    keeper: Account,
    /// Has made the rooms of the set-up.
    patron: Account,
    visitor: Account,
    /// Some writers are in it, too.
    pub(crate) private: ConversationId,
    /// The keeper joins and leaves it.
    public: ConversationId,
    /// The commands of the set-up.
    commands: Vec<Command>,
}

struct Account {
    user: User,
    token: String,
}

impl Account {
    async fn guest(entrance: &Entrance, nickname: &str) -> Result<Self, Failure> {
        let hello = Hello { protocol: VERSION, nickname: Some(nickname.to_owned()), ..Hello::default() };
        let (_, Welcome { me, token, .. }) =
            Connection::open(entrance.address, hello).await.map_err(|end| format!("{end:?}"))?;
        Ok(Self { user: me.user(), token: token.ok_or("a new guest gets a token")? })
    }

    async fn registered(entrance: &Entrance, http_api: &HttpApi, nickname: &str) -> Result<Self, Failure> {
        let guest = Self::guest(entrance, nickname).await?;
        http_api.set_password(&guest.token).await?;
        Ok(Self { user: User { registered: true, ..guest.user }, token: guest.token })
    }

    fn hello(&self) -> Hello {
        Hello { protocol: VERSION, token: Some(self.token.clone()), ..Hello::default() }
    }

    /// Sends commands without faults. Returns them with their acks.
    async fn carry_out(&self, entrance: &Entrance, planned: Vec<Planned>) -> Result<Vec<Command>, Failure> {
        let opened = Connection::open(entrance.address, self.hello()).await;
        let (mut connection, _) = opened.map_err(|end| format!("{end:?}"))?;
        let mut commands = Vec::new();
        for planned in planned {
            let mut command = planned.command(self.user.id);
            let answered = send(&mut connection, &mut command, entrance.patience).await;
            if !answered.map_err(|end| format!("{end:?}"))? || command.outcome != Outcome::Acked {
                return Err(format!("a room could not be set up: {command:?}").into());
            }
            commands.push(command);
        }
        Ok(commands)
    }
}

/// A change of a room. Rooms that do not exist yet have no id.
struct Planned {
    room: Option<ConversationId>,
    kind: EventKind,
}

impl Planned {
    fn create(name: &str, visibility: Visibility) -> Self {
        let (name, topic) = (RoomName::parse(name).unwrap_or_else(|_| unreachable!("a name")), RoomTopic::none());
        Self { room: None, kind: EventKind::Room(RoomChange::Created { name, topic, visibility }) }
    }

    fn change(room: ConversationId, change: RoomChange) -> Self {
        Self { room: Some(room), kind: EventKind::Room(change) }
    }

    fn moderate(room: ConversationId, action: Action, user: &User, role: Option<Role>) -> Self {
        let notice =
            ModerationNotice { action, user: user.clone(), scope: Scope::Room, until: None, role, not_member: false };
        Self { room: Some(room), kind: EventKind::Notice(notice) }
    }

    fn command(self, author: UserId) -> Command {
        Command {
            author,
            id: CommandId::random(),
            // The ack of a new room tells.
            conversation: self.room.unwrap_or_else(|| ConversationId::from_uuid(uuid::Uuid::nil())),
            kind: CommandKind::Event(self.kind),
            outcome: Outcome::Unanswered,
            acks: Vec::new(),
            may_be_late: false,
        }
    }
}

fn frame_of(command: &Command) -> ClientFrame {
    let (id, conversation) = (command.id, command.conversation);
    let CommandKind::Event(kind) = &command.kind else { unreachable!("no change of a room: {command:?}") };
    match kind {
        EventKind::Room(RoomChange::Created { name, topic, visibility }) => ClientFrame::CreateRoom {
            id,
            name: name.as_str().to_owned(),
            topic: topic.as_str().to_owned(),
            visibility: *visibility,
        },
        EventKind::Room(RoomChange::Topic { topic }) => ClientFrame::ChangeRoom {
            id,
            conversation,
            name: None,
            topic: Some(topic.as_str().to_owned()),
            visibility: None,
            posting: None,
            archived: None,
        },
        EventKind::Room(RoomChange::Joined) => ClientFrame::Join { id, conversation },
        EventKind::Room(RoomChange::Left) => ClientFrame::Leave { id, conversation },
        EventKind::Room(RoomChange::Added { user }) => {
            ClientFrame::AddMember { id, conversation, nickname: None, user: Some(user.id) }
        }
        EventKind::Notice(notice) => ClientFrame::Moderate {
            id,
            action: notice.action,
            user: notice.user.id,
            conversation: Some(conversation),
            minutes: None,
            role: notice.role,
            address: false,
        },
        other => unreachable!("no change of a room: {other:?}"),
    }
}

/// Sends a command and waits for its answer. Returns whether it is final; otherwise it has to be sent again.
async fn send(connection: &mut Connection, command: &mut Command, patience: Duration) -> Result<bool, ConnectionEnd> {
    connection.feed(&frame_of(command)).await?;
    connection.flush().await?;
    loop {
        let text = timeout(patience, connection.next()).await.map_err(|_| ConnectionEnd::Silent)??;
        match decode(&text)? {
            ServerFrame::Ack { id, conversation, seq, at } if id == command.id => {
                if let CommandKind::Event(EventKind::Room(RoomChange::Created { .. })) = command.kind {
                    command.conversation = conversation;
                }
                command.acks.push(Ack { conversation, seq, at });
                command.outcome = Outcome::Acked;
                return Ok(true);
            }
            ServerFrame::Error(error) if error.id == Some(command.id) => {
                if matches!(error.code, ErrorCode::StorageUnavailable | ErrorCode::RateLimited) {
                    return Ok(false);
                }
                command.outcome = Outcome::Refused(error.code);
                return Ok(true);
            }
            _ => {}
        }
    }
}

impl RoomSetup {
    /// Makes the rooms. The writers are put into the private one, and the first of them is its moderator.
    pub(crate) async fn new(entrance: &Entrance, http_api: &HttpApi, writers: &[User]) -> Result<Self, Failure> {
        let keeper = Account::registered(entrance, http_api, "keeper").await?;
        let patron = Account::registered(entrance, http_api, "patron").await?;
        let visitor = Account::guest(entrance, "visitor").await?;
        let rooms = vec![Planned::create("Tea", Visibility::Private), Planned::create("Cups", Visibility::Public)];
        let mut commands = patron.carry_out(entrance, rooms).await?;
        let (private, public) = (commands[0].conversation, commands[1].conversation);
        let added = [&keeper.user].into_iter().chain(writers);
        let mut members: Vec<Planned> =
            added.map(|user| Planned::change(private, RoomChange::Added { user: user.clone() })).collect();
        members.push(Planned::moderate(private, Action::Appoint, &keeper.user, Some(Role::Owner)));
        let first =
            writers.first().map(|user| Planned::moderate(private, Action::Appoint, user, Some(Role::Moderator)));
        members.extend(first);
        commands.extend(patron.carry_out(entrance, members).await?);
        Ok(Self { keeper, patron, visitor, private, public, commands })
    }

    /// Adds and removes the visitor, joins and leaves, sets topics and creates rooms until `stop`. Returns all commands.
    pub(crate) fn keep(self, rng: StdRng, entrance: Entrance, counters: Arc<Counters>) -> Keeper {
        Keeper { setup: self, rng, entrance, counters, planned: 0 }
    }

    /// Those who change rooms, and the visitor.
    pub(crate) fn users(&self) -> Vec<User> {
        [&self.keeper, &self.patron, &self.visitor].map(|account| account.user.clone()).to_vec()
    }

    pub(crate) fn tokens(&self) -> Vec<String> {
        [&self.keeper, &self.patron, &self.visitor].map(|account| account.token.clone()).to_vec()
    }

    pub(crate) fn visitor(&self, entrance: Entrance, shared_events: Arc<SharedEvents>) -> Visitor {
        let Account { user, token } = &self.visitor;
        let account = Account { user: user.clone(), token: token.clone() };
        Visitor { account, room: self.private, entrance, shared_events, connections: Vec::new() }
    }
}

/// Changes rooms, one command at a time.
pub(crate) struct Keeper {
    setup: RoomSetup,
    rng: StdRng,
    entrance: Entrance,
    counters: Arc<Counters>,
    planned: usize,
}

impl Keeper {
    /// Runs until `stop`, and until the last command is answered, at most for `settle_timeout`.
    pub(crate) async fn run(mut self, stop: watch::Receiver<bool>, settle_timeout: Duration) -> Vec<Command> {
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
        self.setup.commands
    }

    async fn run_until_done(&mut self, stop: &watch::Receiver<bool>) {
        let mut unanswered = false;
        loop {
            // What ended a connection does not matter here: writers and readers judge it.
            let opened = Connection::open(self.entrance.address, self.setup.keeper.hello()).await;
            if let Ok((mut connection, _)) = opened {
                loop {
                    let pause = self.rng.random_range(PAUSE);
                    sleep(Duration::from_millis(pause)).await;
                    if !unanswered {
                        if *stop.borrow() {
                            return;
                        }
                        let next = self.next();
                        self.setup.commands.push(next.command(self.setup.keeper.user.id));
                        unanswered = true;
                    }
                    let Some(command) = self.setup.commands.last_mut() else { return };
                    match send(&mut connection, command, self.entrance.patience).await {
                        Ok(is_final) => {
                            unanswered = !is_final;
                            self.counters.room_changes.add(usize::from(is_final));
                        }
                        Err(_) => break,
                    }
                }
            }
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// The next change. All of them are allowed, in this order.
    fn next(&mut self) -> Planned {
        let RoomSetup { private, public, visitor, .. } = &self.setup;
        let number = self.planned;
        self.planned += 1;
        match number % 6 {
            0 => Planned::change(*private, RoomChange::Added { user: visitor.user.clone() }),
            1 => Planned::change(*public, RoomChange::Joined),
            2 => {
                let topic = RoomTopic::parse(&format!("topic {number}")).unwrap_or_default();
                Planned::change(*private, RoomChange::Topic { topic })
            }
            3 => Planned::moderate(*private, Action::Remove, &visitor.user, None),
            4 => Planned::change(*public, RoomChange::Left),
            _ => Planned::create(&format!("room {number}"), Visibility::Private),
        }
    }
}

/// Listens as the visitor, on one connection after the other, each without cursors: so it hears only what happens while it is
/// there.
pub(crate) struct Visitor {
    account: Account,
    room: ConversationId,
    entrance: Entrance,
    shared_events: Arc<SharedEvents>,
    connections: Vec<Vec<Observation>>,
}

impl Visitor {
    /// Listens until the last seqs are published.
    pub(crate) async fn run(mut self, mut last_seqs: watch::Receiver<Option<LastSeqs>>) -> Visit {
        select! {
            // An error means that the run is over.
            _ = last_seqs.wait_for(Option::is_some) => {}
            () = self.listen() => {}
        }
        let record = ReaderRecord { name: "the visitor".into(), connections: self.connections, views: Vec::new() };
        Visit { room: self.room, visitor: self.account.user.id, record }
    }

    async fn listen(&mut self) {
        loop {
            if let Ok((mut connection, welcome)) = Connection::open(self.entrance.address, self.account.hello()).await {
                let starts = welcome.conversations.iter();
                self.connections.push(starts.map(|it| Observation::StartsAfter(it.id, it.last_seq)).collect());
                while let Ok(frame) = connection.next().await.and_then(|text| decode(&text)) {
                    let observation = match frame {
                        ServerFrame::Event(event) => Observation::Event(self.shared_events.share(event)),
                        ServerFrame::Conversation(it) => Observation::Listed(it.id, it.last_seq),
                        ServerFrame::ConversationRemoved { id } => Observation::Unlisted(id),
                        _ => continue,
                    };
                    self.connections.last_mut().into_iter().for_each(|seen| seen.push(observation.clone()));
                }
            }
            sleep(Duration::from_millis(50)).await;
        }
    }
}
