//! Unread messages, mentions and the members of rooms: whatever happens, what clients derive from the frames agrees with what the
//! store counts. Unread messages and mentions are counted by hand, too.

use std::{
    collections::{HashSet, VecDeque},
    sync::Arc,
};

use proptest::prelude::*;

use crate::{
    domain::{Conversation, ConversationId, ConversationKind, Event, EventKind, Mentioned, Seq, User, UserId},
    server::{
        rules::{
            Entry,
            tests::{
                clock::CountedIds,
                resolve::Resolver,
                step::{Pick, Step, history, on_histories},
            },
        },
        store::{
            Change, CommitEntry, CommitFeed, Delivery, Store,
            clock_source::ClockSource as _,
            contract::{
                backend::{Backend as _, InMemory},
                clock::TurnedClock,
            },
            memory::State,
        },
    },
    state::{Blocks, Conversations, UnreadCount},
};

/// What a connection of a client receives.
#[derive(Clone, Debug)]
enum Frame {
    /// The conversations and the blocked users.
    Welcome(Vec<Conversation>, Vec<User>),
    Event(Event),
    Conversation(Conversation),
    Removed(ConversationId),
    Read(ConversationId, Seq),
    Block(User, bool),
}

/// A conversation that is being fetched: what the client's generation was, and what the server has answered.
#[derive(Debug)]
struct Fetch {
    id: ConversationId,
    generation: u64,
    answer: Option<Conversation>,
}

/// A client, which is slow to receive.
#[derive(Debug)]
struct Client {
    user: UserId,
    /// What the server sends it events of.
    subscribed: HashSet<ConversationId>,
    frames: VecDeque<Frame>,
    fetches: VecDeque<Fetch>,
    conversations: Conversations,
    blocks: Blocks,
}

impl Client {
    fn connect(user: UserId, state: &State) -> Self {
        let mut client = Self {
            user,
            subscribed: HashSet::new(),
            frames: VecDeque::new(),
            fetches: VecDeque::new(),
            conversations: Conversations::default(),
            blocks: Blocks::default(),
        };
        client.welcome(state);
        client
    }

    fn welcome(&mut self, state: &State) {
        let listed = state.memberships_of(self.user);
        let views = listed.iter().filter_map(|id| state.seen_conversation(self.user, *id).ok());
        self.frames.push_back(Frame::Welcome(views.collect(), state.blocked_users(self.user)));
        self.subscribed = listed.into_iter().collect();
    }

    /// What the hub sends of a delivery.
    fn hear(&mut self, delivery: &Delivery, state: &State) {
        let entry = match delivery {
            Delivery::Entry(CommitEntry { change: Change::Event { event, .. }, .. }) => {
                if self.subscribed.contains(&event.conversation) {
                    self.frames.push_back(Frame::Event(event.clone()));
                }
                return;
            }
            Delivery::Entry(CommitEntry { change: Change::Entry(entry), .. }) => entry,
            Delivery::Listed(CommitEntry { change, .. }, view) => {
                if matches!(change, Change::Entry(Entry::Listed { user, .. }) if *user == self.user) {
                    self.subscribed.insert(view.id);
                    self.frames.push_back(Frame::Conversation((**view).clone()));
                }
                return;
            }
            Delivery::MarkedRead { user, conversation, seq } => {
                if *user == self.user {
                    self.frames.push_back(Frame::Read(*conversation, *seq));
                }
                return;
            }
            Delivery::Reply { .. } | Delivery::Delivered(_) => return,
        };
        match entry {
            Entry::Unlisted { user, conversation } | Entry::Left { user, room: conversation } if *user == self.user => {
                self.subscribed.remove(conversation);
                self.frames.push_back(Frame::Removed(*conversation));
            }
            Entry::ConversationSet { user, conversation, .. } if *user == self.user => {
                let view = state.seen_conversation(*user, *conversation).ok();
                self.frames.extend(view.map(Frame::Conversation));
            }
            Entry::Block { user, other, on } if *user == self.user => {
                let other = state.shown_user(*other).expect("users are never deleted");
                self.frames.push_back(Frame::Block(other, *on));
            }
            // The connection closes, and the client connects again.
            Entry::SessionEnded { user, .. }
            | Entry::NicknameReleased { user }
            | Entry::Registered { user }
            | Entry::RoleChanged { user, .. }
                if *user == self.user =>
            {
                self.welcome(state);
            }
            _ => {}
        }
    }

    /// Applies the next frame, as the page does.
    fn apply_frame(&mut self, state: &State) {
        let Some(frame) = self.frames.pop_front() else { return };
        match frame {
            Frame::Welcome(views, blocks) => {
                self.conversations = {
                    let mut all = self.conversations.clone();
                    all.reset(views, None, |_| false);
                    all
                };
                self.blocks = Blocks::new(blocks);
            }
            Frame::Event(event) => {
                let is_listed = self.conversations.get(event.conversation).is_some();
                let count = self.conversations.apply(&event, self.user, &self.blocks);
                if count == UnreadCount::Unknown || !is_listed {
                    self.fetch(event.conversation, state);
                }
            }
            Frame::Conversation(view) => self.conversations.put(view),
            Frame::Removed(id) => self.conversations.remove(id),
            Frame::Read(id, seq) => {
                if self.conversations.mark_read(id, seq) == UnreadCount::Unknown {
                    self.fetch(id, state);
                }
            }
            Frame::Block(user, on) => {
                self.blocks.set(user, on);
                self.conversations.outdate_fetches();
                let rooms: Vec<_> = self.conversations.rooms().map(|(room, _)| room.id).collect();
                rooms.into_iter().for_each(|room| self.fetch(room, state));
            }
        }
    }

    fn fetch(&mut self, id: ConversationId, state: &State) {
        let (generation, answer) = (self.conversations.generation(), state.seen_conversation(self.user, id).ok());
        self.fetches.push_back(Fetch { id, generation, answer });
    }

    /// An answer arrives. If it is outdated, the client asks again.
    fn receive_answer(&mut self, state: &State, newest_first: bool) {
        let fetch = if newest_first { self.fetches.pop_back() } else { self.fetches.pop_front() };
        let Some(Fetch { id, generation, answer: Some(answer) }) = fetch else { return };
        if !self.conversations.put_fetched(answer, generation) {
            self.fetch(id, state);
        }
    }

    /// Receives everything.
    fn catch_up(&mut self, state: &State) {
        while !self.frames.is_empty() {
            self.apply_frame(state);
        }
        while !self.fetches.is_empty() {
            self.receive_answer(state, false);
        }
    }
}

/// How many members a room has. Everybody is in the Lobby, where coming and going is no event.
fn members(conversation: &Conversation) -> Option<u64> {
    match &conversation.kind {
        ConversationKind::Room(room) if !room.lobby => Some(room.member_count),
        _ => None,
    }
}

/// Counts the unread messages of a member, and those that the member is told of, event by event.
fn count(state: &State, user: UserId, id: ConversationId) -> (u32, u32) {
    let (row, member) = (&state.conversations[&id], &state.members[&(id, user)]);
    let (mut unread, mut told) = (0, 0);
    for (event, seq) in row.events.iter().zip(1..) {
        let EventKind::Message { mentions, participants, .. } = &event.kind else { continue };
        let is_hidden = event.author == user || state.blocks.contains_key(&(user, event.author));
        if Seq(seq) <= member.read_seq || is_hidden || row.is_deleted(Seq(seq)) {
            continue;
        }
        unread += 1;
        // The user is told of the present text.
        let edited = row.events.iter().rev().find_map(|later| match &later.kind {
            EventKind::Edit { seq: edited, mentions, .. } if *edited == Seq(seq) => Some(mentions),
            _ => None,
        });
        let is_mentioned = edited.unwrap_or(mentions).iter().any(|mention| match &mention.whom {
            Mentioned::User(mentioned) => mentioned.id == user,
            Mentioned::Everyone => true,
        });
        told += u32::from(is_mentioned || participants.contains(&user));
    }
    (unread, told)
}

/// A store in memory, and the clients of some of its users.
struct StoreAndClients {
    memory: InMemory,
    store: Arc<dyn Store>,
    feed: CommitFeed,
    clock: Arc<TurnedClock>,
    ids: CountedIds,
    clients: Vec<Client>,
}

impl StoreAndClients {
    async fn new() -> Self {
        let (mut memory, clock) = (InMemory::default(), Arc::new(TurnedClock::default()));
        let (store, feed) = memory.open(Arc::clone(&clock) as _).await;
        Self { memory, store, feed, clock, ids: CountedIds::new(0), clients: Vec::new() }
    }

    async fn take(&mut self, step: &Step) {
        let state = self.memory.store().state();
        let mut resolver = Resolver { state: &state, ids: &mut self.ids, now: self.clock.now() };
        match *step {
            Step::Wait { minutes } => self.clock.turn(minutes),
            Step::MarkRead { user, place, seq } => {
                let Some(user) = resolver.user(user) else { return };
                let Some(conversation) = resolver.place_of(user.id, place) else { return };
                let seq = resolver.seq(conversation, seq);
                self.store.mark_read(user.id, conversation, seq);
            }
            _ => {
                let Some(command) = resolver.command(step) else { return };
                // It may be refused.
                drop(self.store.execute(command).await);
            }
        }
        let state = self.memory.store().state();
        while let Ok(deliveries) = self.feed.try_recv() {
            for client in &mut self.clients {
                deliveries.iter().for_each(|delivery| client.hear(delivery, &state));
            }
        }
        // Each user has two connections.
        for user in state.users.keys().filter(|user| **user != UserId::SYSTEM).take(4) {
            if !self.clients.iter().any(|client| client.user == *user) {
                self.clients.extend([(); 2].map(|()| Client::connect(*user, &state)));
            }
        }
    }

    /// Some clients receive something.
    fn receive(&mut self, pace: Pick) {
        let state = self.memory.store().state();
        for (client, number) in self.clients.iter_mut().zip(0_u8..) {
            let share = pace.rotate_left(u32::from(number) * 3);
            (0..share % 4).for_each(|_| client.apply_frame(&state));
            if share & 0b1000 != 0 {
                client.receive_answer(&state, share & 0b1_0000 != 0);
            }
        }
    }

    fn compare(&mut self) {
        let state = self.memory.store().state();
        for client in &mut self.clients {
            client.catch_up(&state);
            let listed = state.memberships_of(client.user);
            for id in &listed {
                let view = state.seen_conversation(client.user, *id).expect("it is in the list");
                let known = client.conversations.get(*id).expect("the client knows its list");
                let counts =
                    |it: &Conversation| (it.read_seq, it.unread, it.mentions, it.muted, it.pinned, members(it));
                assert_eq!(counts(known), counts(&view), "{} in {id}: the client, and the store", client.user);
                assert_eq!((view.unread, view.mentions), count(&state, client.user, *id), "counted by hand");
            }
            assert_eq!(client.conversations.rooms().count() + client.conversations.directs().len(), listed.len());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 300, ..on_histories(96) })]

    #[test]
    fn all_counts_agree(steps in history(150), paces in prop::collection::vec(any::<Pick>(), 150)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let mut scene = StoreAndClients::new().await;
            for (step, pace) in steps.iter().zip(paces.iter().cycle()) {
                scene.take(step).await;
                scene.receive(*pace);
            }
            scene.compare();
        });
    }
}
