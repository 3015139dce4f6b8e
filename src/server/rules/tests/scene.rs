//! A scene for tests of single rules: the reference state, to which each decision is applied at once.

use crate::{
    domain::{
        Body, ClientAddr, CommandId, ConversationId, EventKind, Nickname, Role, RoomCreation, RoomName, RoomTopic,
        SessionId, Timestamp, User, UserId, Visibility,
    },
    server::{
        rules::{
            AddMember, Command, Context, CreateRoom, CreateUser, Entry, EventPosition, Mutation, NewPassword,
            NewSession, Now, OwnerGrant, PasswordHash, Refusal, SendEvent, SessionKey, Undecided, UserRef,
        },
        store::{GeneratedIds, memory::State},
    },
};

/// When a scene begins, by both clocks.
pub(super) const BEGINNING: Timestamp = Timestamp(1_000_000_000);

pub(super) struct Scene {
    pub(super) state: State,
    pub(super) now: Now,
    pub(super) lobby: ConversationId,
    /// The mutations of the last decision.
    pub(super) mutations: Vec<Mutation>,
    sessions: u8,
}

impl Scene {
    pub(super) fn new() -> Self {
        let lobby = ConversationId::generate();
        let now = Now { server: BEGINNING, machine: BEGINNING, ahead: 0, ahead_since: Timestamp(0) };
        Self { state: State::new(lobby, BEGINNING), now, lobby, mutations: Vec::new(), sessions: 0 }
    }

    pub(super) fn try_run<C: Command>(&mut self, command: C) -> Result<C::Output, Undecided> {
        let mut context = Context { now: self.now, ids: &mut GeneratedIds, lobby: self.lobby };
        let decision = command.decide(&mut self.state, &mut context)?;
        for mutation in &decision.mutations {
            self.state.apply(mutation, self.now.machine);
        }
        self.mutations = decision.mutations;
        Ok(decision.output)
    }

    pub(super) fn run<C: Command>(&mut self, command: C) -> C::Output {
        self.try_run(command).expect("the command is allowed")
    }

    /// What the last decision adds to the commit log, in order: the seq of an event, or an entry.
    pub(super) fn logged(&self) -> Vec<Logged> {
        let logged = self.mutations.iter().filter_map(|mutation| match mutation {
            Mutation::AppendEvent(event) => Some(Logged::Event(event.conversation, event.kind.clone())),
            Mutation::Log(entry) => Some(Logged::Entry(entry.clone())),
            _ => None,
        });
        logged.collect()
    }

    /// Lets time pass, in milliseconds.
    pub(super) fn pass(&mut self, ms: u64) {
        self.now.server.0 += ms;
        self.now.machine.0 += ms;
    }

    /// A new session, with its own key.
    pub(super) fn session(&mut self) -> NewSession {
        self.sessions += 1;
        let (key, id) = (SessionKey([self.sessions; 32]), SessionId::generate());
        NewSession { key, id, agent: "a test".into(), used: true, address: None }
    }

    /// A guest who is about to sign up.
    pub(super) fn stranger(&mut self, nickname: &str, address: &str) -> CreateUser {
        let nickname = Nickname::parse(nickname).expect("a nickname");
        CreateUser {
            key: nickname.key(),
            user: User::guest(UserId::generate(), nickname),
            session: Some(self.session()),
            address: Some(client(address)),
            invite: None,
            password: None,
            max_names_per_address: None,
        }
    }

    pub(super) fn guest(&mut self, nickname: &str, address: &str) -> User {
        let stranger = self.stranger(nickname, address);
        let user = stranger.user.clone();
        self.run(stranger);
        user
    }

    /// A registered user with this role. The nickname is the password, too.
    pub(super) fn registered(&mut self, nickname: &str, role: Role) -> User {
        let mut stranger = self.stranger(nickname, "192.0.2.200");
        let ownership = if role == Role::Owner { OwnerGrant::Always } else { OwnerGrant::Never };
        stranger.password = Some(NewPassword { hash: PasswordHash(nickname.into()), ownership });
        let user = stranger.user.id;
        self.run(stranger);
        self.state.apply(&Mutation::SetRole { user, role }, self.now.machine);
        self.state.shown_user(user).expect("a user")
    }

    /// A private room with these members besides its owner, who joined one after another.
    pub(super) fn room(&mut self, owner: &User, members: &[&User]) -> ConversationId {
        let (name, topic, visibility) =
            (RoomName::parse("Tea").expect("a name"), RoomTopic::default(), Visibility::Private);
        let (id, policy) = (CommandId::generate(), RoomCreation::Registered);
        let room = self.run(CreateRoom { author: owner.clone(), id, name, topic, visibility, policy }).room;
        for user in members {
            let (id, target) = (CommandId::generate(), UserRef::Id(user.id));
            self.run(AddMember { author: owner.clone(), id, room, target });
            self.pass(1);
        }
        room
    }

    pub(super) fn write(&mut self, author: &User, conversation: ConversationId, text: &str) -> EventPosition {
        let kind = EventKind::message(Body::parse(text).expect("a text"));
        self.run(SendEvent { author: author.clone(), id: CommandId::generate(), conversation, kind, reply_to: None })
    }
}

/// What a decision adds to the commit log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Logged {
    Event(ConversationId, EventKind),
    Entry(Entry),
}

pub(super) fn client(address: &str) -> ClientAddr {
    address.parse().expect("an address")
}

/// What a command comes to that a rule forbids.
pub(super) fn refused<T>(refusal: Refusal) -> Result<T, Undecided> {
    Err(Undecided::Refused(refusal))
}
