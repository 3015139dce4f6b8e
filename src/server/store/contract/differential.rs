//! Random histories on SQLite and on the reference store at once: both give the same replies, bring the same feed, and
//! everything that can be read from them is the same.

use std::{sync::Arc, time::Duration};

use proptest::prelude::*;

use uuid::Uuid;

use crate::{
    domain::{CommandId, EventKind, Nickname, Seq, User, UserId},
    server::{
        rules::{
            SendEvent,
            tests::{
                any_command::AnyCommand,
                clock::CountedIds,
                resolve::Resolver,
                step::{Pick, Step, history, on_histories},
            },
        },
        store::{
            CommitFeed, Delivery, Receipt, ReplyTo, Store,
            clock_source::ClockSource as _,
            contract::{
                backend::{Backend, InMemory, OnSqlite},
                clock::TurnedClock,
                dump::{Dump, Subjects},
            },
        },
    },
};

/// The two stores.
struct Pair {
    ids: CountedIds,
    clocks: [Arc<TurnedClock>; 2],
    memory: InMemory,
    sqlite: OnSqlite,
    stores: [Arc<dyn Store>; 2],
    feeds: [CommitFeed; 2],
    /// The next number of a connection.
    next_reply: u64,
}

impl Pair {
    async fn new() -> Self {
        let clocks = [Arc::new(TurnedClock::default()), Arc::new(TurnedClock::default())];
        let mut sqlite = OnSqlite::default();
        let (other, other_feed) = sqlite.open(Arc::clone(&clocks[1]) as _).await;
        let mut memory = InMemory::with_lobby(other.lobby());
        let (reference, feed) = memory.open(Arc::clone(&clocks[0]) as _).await;
        let (stores, feeds) = ([reference, other], [feed, other_feed]);
        Self { ids: CountedIds::new(0), clocks, memory, sqlite, stores, feeds, next_reply: 1 }
    }

    /// Takes all steps. Up to `group` commands are queued without waiting in between, so that SQLite commits several at once.
    async fn take_all(&mut self, steps: &[Step], group: usize) {
        for chunk in steps.chunks(group) {
            // The clock must stand still while commands are in the queue.
            for steps in chunk.chunk_by(|one, other| !is_pause(one) && !is_pause(other)) {
                match &steps[0] {
                    Step::Wait { minutes } => self.clocks.iter().for_each(|clock| clock.turn(*minutes)),
                    Step::SetMachineClock { hours } => {
                        self.clocks.iter().for_each(|clock| clock.set_machine_ahead(*hours));
                    }
                    Step::Restart => self.restart().await,
                    Step::MarkRead { user, place, seq } => self.mark_read(*user, *place, *seq).await,
                    _ => self.carry_out(steps).await,
                }
            }
        }
    }

    /// Carries out commands, and compares the replies and the feeds.
    async fn carry_out(&mut self, steps: &[Step]) {
        let mut receipts: Vec<(AnyCommand, _, Receipt<String>)> = Vec::new();
        for step in steps {
            match self.resolve(step) {
                None => {}
                Some(AnyCommand::SendEvent(event)) if event.id.as_uuid().as_bytes()[15] % 2 == 0 => {
                    self.next_reply += 1;
                    for store in &self.stores {
                        store.submit(event.clone(), ReplyTo(self.next_reply)).await.expect("an open store");
                    }
                }
                Some(command) => {
                    let expected = self.stores[0].execute(command.clone()).await;
                    let receipt = self.stores[1].queue(command.clone()).await.expect("an open store");
                    receipts.push((command, expected, receipt));
                }
            }
        }
        for (command, expected, receipt) in receipts {
            assert_eq!(within_limits(receipt).await, expected, "the reply to {command:?}");
        }
        self.compare_feeds().await;
    }

    async fn mark_read(&mut self, user: Pick, place: Pick, seq: Pick) {
        let state = self.memory.store().state();
        let resolver = Resolver { state: &state, ids: &mut self.ids, now: self.clocks[0].now() };
        let (Some(user), Some(conversation)) = (resolver.user(user), resolver.place(place)) else { return };
        let seq = resolver.seq(conversation, seq).min(state.conversations[&conversation].last_seq());
        // A mark that changes nothing is not announced, and may wait until it does.
        if state.members.get(&(conversation, user.id)).is_none_or(|member| member.read_seq >= seq) {
            return;
        }
        self.stores.iter().for_each(|store| store.mark_read(user.id, conversation, seq));
        // SQLite saves it some time later.
        let expected = self.delivered(0).await;
        let mut marked = Vec::new();
        while marked.len() < expected.len() {
            marked.extend(within_limits(self.feeds[1].recv()).await.expect("an open feed").iter().map(text));
        }
        assert_eq!(marked, expected);
    }

    async fn restart(&mut self) {
        for store in &self.stores {
            store.close().await;
        }
        let (reference, feed) = self.memory.open(Arc::clone(&self.clocks[0]) as _).await;
        let (other, other_feed) = self.sqlite.open(Arc::clone(&self.clocks[1]) as _).await;
        (self.stores, self.feeds) = ([reference, other], [feed, other_feed]);
        self.compare_feeds().await;
    }

    async fn compare_feeds(&mut self) {
        let (expected, delivered) = (self.delivered(0).await, self.delivered(1).await);
        assert_eq!(delivered, expected);
    }

    /// What the feed of a store has brought since the last call.
    async fn delivered(&mut self, store: usize) -> Vec<String> {
        let (end, conversation) = (ReplyTo(0), self.stores[0].lobby());
        let nobody = User::guest(UserId::from_uuid(Uuid::max()), Nickname::former());
        let (id, kind) = (CommandId::of_position(Seq(1)), EventKind::Deletion { seq: Seq(1) });
        self.stores[store]
            .submit(SendEvent { author: nobody, id, conversation, kind }, end)
            .await
            .expect("an open store");
        let mut deliveries = Vec::new();
        loop {
            for delivery in within_limits(self.feeds[store].recv()).await.expect("an open feed") {
                match delivery {
                    Delivery::Reply { to, .. } if to == end => return deliveries,
                    other => deliveries.push(text(&other)),
                }
            }
        }
    }

    /// Compares everything that can be read.
    async fn compare(&self) {
        let subjects = Subjects::of(&self.memory.store().state());
        let expected = Dump::of(&*self.stores[0], &subjects).await;
        let found = Dump::of(&*self.stores[1], &subjects).await;
        if let Some(difference) = expected.difference(&found) {
            panic!("the reference store says, and the other store says, of {difference}");
        }
        assert_eq!(expected, found);
    }

    fn resolve(&mut self, step: &Step) -> Option<AnyCommand> {
        let state = self.memory.store().state();
        Resolver { state: &state, ids: &mut self.ids, now: self.clocks[0].now() }.command(step)
    }
}

/// Whether nothing may be in the queue when the step is taken.
fn is_pause(step: &Step) -> bool {
    matches!(step, Step::Wait { .. } | Step::SetMachineClock { .. } | Step::Restart | Step::MarkRead { .. })
}

fn text(delivery: &Delivery) -> String {
    match delivery {
        Delivery::Delivered(_) => "Delivered".into(),
        other => format!("{other:?}"),
    }
}

/// Waits, but not for ever.
async fn within_limits<T>(wait: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(30), wait).await.expect("the store answers in time")
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 300, ..on_histories(32) })]

    #[test]
    fn sqlite_does_what_the_reference_store_does(steps in history(120), group in 1..12_usize) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let mut pair = Pair::new().await;
            pair.take_all(&steps, group).await;
            pair.compare().await;
            pair.restart().await;
            pair.compare().await;
            assert_eq!(pair.sqlite.findings(), "", "the tables equal the log");
        });
    }
}
