//! [`MemoryStore`] implements the traits of a store with a [`State`] behind a mutex. A command is decided, applied and
//! finished before `enqueue` returns.

use std::{
    collections::BTreeMap,
    mem,
    sync::{Arc, Mutex, MutexGuard},
};

use async_trait::async_trait;
use tokio::sync::{
    mpsc::{self, error::TrySendError},
    watch,
};

use crate::{
    domain::{ConversationId, Epoch, Seq, Timestamp, UserId},
    server::{
        rules::{Context, Entry, Ids, Mutation, Now, ReleaseNickname, advanced_read_mark},
        store::{
            clock_source::ClockSource,
            commit_log::{Change, CommitEntry, CommitLog, Position},
            error::StoreError,
            feed::{CommitFeed, Delivery},
            job::{Job, job_with_receipt},
            memory::state::State,
            read_marks::ReadMarksHold,
            store_trait::{Lifecycle, Writes},
        },
    },
};

/// How many commits may wait for delivery.
const FEED_CAPACITY: usize = 64;

/// A store in memory.
pub(crate) struct MemoryStore {
    epoch: Epoch,
    lobby: ConversationId,
    clock: Arc<dyn ClockSource>,
    content: Mutex<Content>,
}

struct Content {
    state: State,
    consumers: BTreeMap<&'static str, Position>,
    ids: Box<dyn Ids>,
    head: watch::Sender<Position>,
    feed: mpsc::Sender<Vec<Delivery>>,
    /// What a full feed did not take: everything except entries, which the receiver finds in the log.
    held_back: Vec<Delivery>,
    is_closed: bool,
}

impl MemoryStore {
    /// Opens a new store.
    pub(crate) fn open(clock: Arc<dyn ClockSource>, lobby: ConversationId) -> (Self, CommitFeed) {
        let state = State::new(lobby, clock.now().machine);
        Self::start(clock, lobby, Epoch::generate(), state, BTreeMap::new())
    }

    /// Opens the store again, as after a restart of the server.
    pub(crate) fn reopen(&self) -> (Self, CommitFeed) {
        let content = self.content();
        let (state, consumers) = (content.state.clone(), content.consumers.clone());
        if let (Some(ran_at), Some(ahead)) = (state.ran_at, state.clock_offsets.values().next_back()) {
            self.clock.resume(ran_at, *ahead);
        }
        let leftover = state.sessionless_guests();
        let (store, feed) = Self::start(Arc::clone(&self.clock), self.lobby, self.epoch, state, consumers);
        for guest in leftover {
            let (job, _) = job_with_receipt(ReleaseNickname(guest));
            store.content().carry_out(&store, job);
        }
        (store, feed)
    }

    fn start(
        clock: Arc<dyn ClockSource>,
        lobby: ConversationId,
        epoch: Epoch,
        state: State,
        consumers: BTreeMap<&'static str, Position>,
    ) -> (Self, CommitFeed) {
        let (feed, receiver) = mpsc::channel(FEED_CAPACITY);
        let (head, ids) = (watch::Sender::new(state.head()), clock.ids());
        let content = Content { state, consumers, ids, head, feed, held_back: Vec::new(), is_closed: false };
        (Self { epoch, lobby, clock, content: Mutex::new(content) }, receiver)
    }

    /// A copy of everything in the store.
    pub(crate) fn state(&self) -> State {
        self.content().state.clone()
    }

    fn content(&self) -> MutexGuard<'_, Content> {
        self.content.lock().expect("no test goes on after a panic")
    }

    pub(super) fn now(&self) -> Now {
        self.clock.now()
    }

    /// Reads.
    pub(super) fn read<T>(&self, read: impl FnOnce(&State) -> T) -> Result<T, StoreError> {
        let content = self.content();
        if content.is_closed { Err(StoreError::Unavailable) } else { Ok(read(&content.state)) }
    }
}

impl Content {
    /// Applies a mutation. Adds to `deliveries` what it adds to the commit log.
    fn apply(&mut self, mutation: &Mutation, at: Timestamp, deliveries: &mut Vec<Delivery>) {
        self.state.apply(mutation, at);
        let position = self.state.head();
        match mutation {
            Mutation::AppendEvent(event) => {
                let direct = self.state.conversations[&event.conversation].users.is_some();
                let change = Change::Event { event: event.clone(), direct };
                deliveries.push(Delivery::Entry(CommitEntry { position, at: event.at, change }));
            }
            Mutation::Log(entry) => {
                let logged = CommitEntry { position, at, change: Change::Entry(entry.clone()) };
                deliveries.push(match entry {
                    Entry::Listed { user, conversation } => {
                        let view = self.state.seen_conversation(*user, *conversation);
                        Delivery::Listed(logged, Box::new(view.expect("the conversation is in the list")))
                    }
                    _ => Delivery::Entry(logged),
                });
            }
            _ => {}
        }
    }

    /// Decides a command, applies its mutations, and answers.
    fn carry_out(&mut self, store: &MemoryStore, mut job: Box<dyn Job>) {
        let now = store.clock.now();
        let mut context = Context { now, ids: &mut *self.ids, lobby: store.lobby };
        let decided = job.decide(&mut self.state, &mut context);
        let mut deliveries = Vec::new();
        for mutation in decided.iter().flatten() {
            self.apply(mutation, now.machine, &mut deliveries);
        }
        job.finish(decided.is_ok(), &mut deliveries);
        self.deliver(deliveries);
    }

    /// Announces a commit.
    fn deliver(&mut self, commit: Vec<Delivery>) {
        let head = self.state.head();
        self.head.send_if_modified(|before| mem::replace(before, head) != head);
        let mut batch = mem::take(&mut self.held_back);
        batch.extend(commit);
        if let Err(TrySendError::Full(batch)) = self.feed.try_send(batch) {
            let is_entry = |delivery: &Delivery| matches!(delivery, Delivery::Entry(_) | Delivery::Listed(..));
            self.held_back = batch.into_iter().filter(|delivery| !is_entry(delivery)).collect();
        }
    }
}

#[async_trait]
impl Writes for MemoryStore {
    async fn enqueue(&self, job: Box<dyn Job>) -> Result<(), StoreError> {
        let content = &mut *self.content();
        if content.is_closed {
            return Err(StoreError::Unavailable);
        }
        content.carry_out(self, job);
        Ok(())
    }

    fn mark_read(&self, user: UserId, conversation: ConversationId, seq: Seq) {
        let content = &mut *self.content();
        if let Ok(Some(seq)) = advanced_read_mark(&mut content.state, user, conversation, seq, 0) {
            content.state.apply(&Mutation::AdvanceReadMark { conversation, user, seq }, Timestamp::default());
            content.deliver(vec![Delivery::MarkedRead { user, conversation, seq }]);
        }
    }

    /// Marks are saved at once.
    fn hold_read_marks(&self, _: UserId, _: ConversationId) -> ReadMarksHold {
        ReadMarksHold::default()
    }
}

#[async_trait]
impl Lifecycle for MemoryStore {
    fn epoch(&self) -> Epoch {
        self.epoch
    }

    fn lobby(&self) -> ConversationId {
        self.lobby
    }

    async fn check_health(&self) -> Result<(), StoreError> {
        self.read(|_| ())
    }

    async fn close(&self) {
        self.content().is_closed = true;
    }
}

#[async_trait]
impl CommitLog for MemoryStore {
    async fn log_after(&self, after: Position, limit: u32, bytes: usize) -> Result<Vec<CommitEntry>, StoreError> {
        self.read(|state| state.log_entries(after, limit, bytes))
    }

    fn log_head(&self) -> watch::Receiver<Position> {
        self.content().head.subscribe()
    }

    async fn consumer_position(&self, name: &'static str) -> Result<Position, StoreError> {
        Ok(self.content().consumers.get(name).copied().unwrap_or_default())
    }

    async fn save_consumer_position(&self, name: &'static str, position: Position) -> Result<(), StoreError> {
        let content = &mut *self.content();
        let saved = content.consumers.entry(name).or_default();
        *saved = position.max(*saved);
        Ok(())
    }
}
