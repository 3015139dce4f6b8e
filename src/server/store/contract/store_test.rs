//! What the tests of the suite have at hand: a store, its feed, and short ways to act and to look.

use std::sync::Arc;

use crate::{
    domain::{
        Body, ClientAddr, CommandId, Conversation, ConversationId, Event, EventKind, Message, Nickname, Role, Seq,
        Timestamp, User, UserId,
    },
    server::{
        rules::{
            Command, CreateUser, EventPosition, Ids as _, Moderate, ModerationAction, NewPassword, NewSession,
            OpenDirect, OwnerGrant, PasswordHash, Refusal, SendEvent, UserRef, tests::clock::CountedIds,
        },
        store::{
            Change, CommitEntry, CommitFeed, Delivery, HistoryWindow, Position, ReplyTo, Store, StoreError,
            clock_source::ClockSource as _,
            contract::{backend::Backend, clock::TurnedClock},
        },
    },
};

/// Marks the end of what a test reads from the feed.
const END: ReplyTo = ReplyTo(u64::MAX);

/// A store under test.
pub(super) struct StoreTest {
    backend: Box<dyn Backend>,
    pub(super) clock: Arc<TurnedClock>,
    pub(super) store: Arc<dyn Store>,
    pub(super) feed: CommitFeed,
    pub(super) ids: CountedIds,
    pub(super) lobby: ConversationId,
}

impl StoreTest {
    pub(super) async fn new(mut backend: impl Backend + 'static) -> Self {
        let clock = Arc::new(TurnedClock::default());
        let (store, feed) = backend.open(Arc::clone(&clock) as _).await;
        let lobby = store.lobby();
        Self { backend: Box::new(backend), clock, store, feed, ids: CountedIds::new(0), lobby }
    }

    /// Closes the store and opens it again.
    pub(super) async fn reopen(&mut self) {
        self.store.close().await;
        (self.store, self.feed) = self.backend.open(Arc::clone(&self.clock) as _).await;
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now().server
    }

    /// So many minutes from now.
    pub(super) fn in_minutes(&self, minutes: u64) -> Timestamp {
        Timestamp(self.now().0 + minutes * 60 * 1_000)
    }

    /// Carries out a command.
    pub(super) async fn run<C: Command>(&self, command: C) -> Result<C::Output, Refusal> {
        self.store.execute(command).await.map_err(|error| match error {
            StoreError::Refused(refusal) => refusal,
            StoreError::Unavailable | StoreError::QuotaUsedUp => panic!("the store failed: {error}"),
        })
    }

    // Users.

    /// How a guest with a session signs up, at an address of nobody else.
    pub(super) fn sign_up(&mut self, name: &str) -> CreateUser {
        let nickname = Nickname::parse(name).expect("a nickname");
        let (user, key) = (User::guest(self.ids.user(), nickname.clone()), nickname.key());
        let address = format!("10.0.{}.{}", user.id.as_uuid().as_bytes()[14], user.id.as_uuid().as_bytes()[15]);
        let session = Some(self.new_session());
        let address = Some(address.parse().expect("an address"));
        CreateUser { user, key, session, address, invite: None, password: None, max_names_per_address: None }
    }

    pub(super) fn new_session(&mut self) -> NewSession {
        let (key, id) = (self.ids.session_key(), self.ids.session());
        NewSession { key, id, agent: "a browser".into(), used: true, address: None }
    }

    pub(super) async fn guest(&mut self, name: &str) -> User {
        let command = self.sign_up(name);
        self.run(command.clone()).await.expect("a free nickname");
        command.user
    }

    pub(super) async fn guest_from(&mut self, name: &str, address: &str) -> Result<User, Refusal> {
        let address: ClientAddr = address.parse().expect("an address");
        let command = CreateUser { address: Some(address), ..self.sign_up(name) };
        self.run(command.clone()).await.map(|_| command.user)
    }

    /// A registered user. The hash of the password is the nickname.
    pub(super) async fn registered(&mut self, name: &str, role: Role) -> User {
        let password = NewPassword { hash: PasswordHash(name.into()), ownership: OwnerGrant::Never };
        let command = CreateUser { password: Some(password), ..self.sign_up(name) };
        self.run(command.clone()).await.expect("a free nickname");
        if role != Role::Member {
            self.moderate(None, &command.user, None, ModerationAction::Appoint(role)).await.expect("the operator may");
        }
        self.store.user(command.user.id).await.expect("the store answers").expect("the user exists")
    }

    pub(super) async fn moderate(
        &mut self,
        actor: Option<&User>,
        subject: &User,
        room: Option<ConversationId>,
        action: ModerationAction,
    ) -> Result<EventPosition, Refusal> {
        let (actor, id, subject) = (actor.cloned(), self.ids.command(), subject.id);
        self.run(Moderate { actor, id, room, subject, action, addresses: Vec::new(), whole_address: false }).await
    }

    // Writing.

    pub(super) async fn change(
        &mut self,
        author: &User,
        conversation: ConversationId,
        kind: EventKind,
    ) -> Result<Seq, Refusal> {
        let id = self.ids.command();
        let event = SendEvent { author: author.clone(), id, conversation, kind, reply_to: None };
        self.run(event).await.map(|position| position.seq)
    }

    pub(super) async fn say(
        &mut self,
        author: &User,
        conversation: ConversationId,
        text: &str,
    ) -> Result<Seq, Refusal> {
        self.change(author, conversation, message(text)).await
    }

    /// Finds or creates the direct of two users.
    pub(super) async fn direct(&self, opener: &User, other: &User) -> ConversationId {
        let target = UserRef::Id(other.id);
        self.run(OpenDirect { opener: opener.id, target }).await.expect("a direct").conversation
    }

    // Looking.

    pub(super) async fn messages(&self, reader: &User, conversation: ConversationId) -> Vec<Message> {
        let page = self.store.messages(reader.id, conversation, HistoryWindow::Newest, 1_000, usize::MAX).await;
        page.expect("the reader is a member").messages
    }

    /// The texts of all messages, as `reader` sees them.
    pub(super) async fn texts(&self, reader: &User, conversation: ConversationId) -> Vec<String> {
        self.messages(reader, conversation).await.into_iter().map(|message| message.body.as_str().to_owned()).collect()
    }

    /// The ids of all conversations in a user's list, in its order.
    pub(super) async fn list(&self, user: &User) -> Vec<ConversationId> {
        let list = self.store.conversations(user.id, None, 1_000).await.expect("a list");
        list.conversations.into_iter().map(|conversation| conversation.id).collect()
    }

    pub(super) async fn view(&self, user: &User, conversation: ConversationId) -> Conversation {
        self.store.conversation(user.id, conversation).await.expect("the conversation is in the list")
    }

    pub(super) async fn log(&self) -> Vec<CommitEntry> {
        self.store.log_after(Position::START, 100_000, usize::MAX).await.expect("a log")
    }

    pub(super) async fn events(&self, conversation: ConversationId) -> Vec<Event> {
        let all = self.store.events(conversation, Seq::ZERO, Seq(1_000_000), 100_000, usize::MAX).await;
        all.expect("events")
    }

    /// Everything that the feed has brought since the last call.
    pub(super) async fn deliveries(&mut self) -> Vec<Delivery> {
        let nobody = User::guest(UserId::from_uuid(uuid::Uuid::max()), Nickname::former());
        let (id, conversation) = (CommandId::of_position(Seq(1)), self.lobby);
        let kind = message("the end");
        self.store
            .submit(SendEvent { author: nobody, id, conversation, kind, reply_to: None }, END)
            .await
            .expect("an open store");
        let mut deliveries = Vec::new();
        loop {
            for delivery in self.feed.recv().await.expect("an open feed") {
                match delivery {
                    Delivery::Reply { to: END, .. } => return deliveries,
                    other => deliveries.push(other),
                }
            }
        }
    }

    /// The entries of the commit log that the feed has brought since the last call.
    pub(super) async fn delivered_entries(&mut self) -> Vec<CommitEntry> {
        let entry_of = |delivery| match delivery {
            Delivery::Entry(entry) | Delivery::Listed(entry, _) => Some(entry),
            Delivery::Reply { .. } | Delivery::MarkedRead { .. } | Delivery::Delivered(_) => None,
        };
        self.deliveries().await.into_iter().filter_map(entry_of).collect()
    }
}

pub(super) fn message(text: &str) -> EventKind {
    EventKind::message(body(text))
}

pub(super) fn body(text: &str) -> Body {
    Body::parse(text).expect("a text")
}

/// The entry's event, if it is one.
pub(super) fn event_of(entry: &CommitEntry) -> Option<&Event> {
    if let Change::Event { event, .. } = &entry.change { Some(event) } else { None }
}
