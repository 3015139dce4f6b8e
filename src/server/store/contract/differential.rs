//! Random histories on a store and on the reference store at once: both give the same replies, bring the same feed, and
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
                backend::{Backend, InMemory, OnNodes, OnPostgres, OnSqlite},
                clock::TurnedClock,
                dump::{Dump, Subjects},
            },
        },
    },
};

/// The reference store, and another one, which may have several nodes.
struct Pair<B> {
    ids: CountedIds,
    clocks: [Arc<TurnedClock>; 2],
    memory: InMemory,
    other: B,
    reference: Opened,
    nodes: Vec<Opened>,
    /// The node that gets the present commands.
    node: usize,
    /// The next number of a connection.
    next_reply: u64,
}

type Opened = (Arc<dyn Store>, CommitFeed);

impl<B: Backend + Default> Pair<B> {
    async fn new() -> Self {
        let clocks = [Arc::new(TurnedClock::default()), Arc::new(TurnedClock::default())];
        let mut other = B::default();
        let nodes = other.open_nodes(Arc::clone(&clocks[1]) as _).await;
        let mut memory = InMemory::with_lobby(nodes[0].0.lobby());
        let reference = memory.open(Arc::clone(&clocks[0]) as _).await;
        Self { ids: CountedIds::new(0), clocks, memory, other, reference, nodes, node: 0, next_reply: 1 }
    }

    /// Takes all steps. Up to `group` commands are queued without waiting in between, so that the store commits several at once.
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

    /// Carries out commands on the next node, and compares the replies and the feeds.
    async fn carry_out(&mut self, steps: &[Step]) {
        self.node = (self.node + 1) % self.nodes.len();
        let mut receipts: Vec<(AnyCommand, _, Receipt<String>)> = Vec::new();
        for step in steps {
            let (reference, node) = (&self.reference.0, &self.nodes[self.node].0);
            let (reference, node) = (Arc::clone(reference), Arc::clone(node));
            match self.resolve(step) {
                None => {}
                Some(AnyCommand::SendEvent(event)) if event.id.as_uuid().as_bytes()[15] % 2 == 0 => {
                    self.next_reply += 1;
                    for store in [reference, node] {
                        store.submit(event.clone(), ReplyTo(self.next_reply)).await.expect("an open store");
                    }
                }
                Some(command) => {
                    let expected = reference.execute(command.clone()).await;
                    let receipt = node.queue(command.clone()).await.expect("an open store");
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
        // A node that does not know yet that the mark was set back would take this one for an earlier mark.
        self.await_head(self.node).await;
        self.reference.0.mark_read(user.id, conversation, seq);
        self.nodes[self.node].0.mark_read(user.id, conversation, seq);
        let expected = delivered(&mut self.reference).await;
        // It may be saved some time later. The other nodes learn of it, too.
        for (_, feed) in &mut self.nodes {
            let mut marked = Vec::new();
            while marked.len() < expected.len() {
                marked.extend(within_limits(feed.recv()).await.expect("an open feed").iter().map(text));
            }
            assert_eq!(marked, expected);
        }
    }

    async fn restart(&mut self) {
        self.reference.0.close().await;
        for (store, _) in &self.nodes {
            store.close().await;
        }
        self.reference = self.memory.open(Arc::clone(&self.clocks[0]) as _).await;
        self.nodes = self.other.open_nodes(Arc::clone(&self.clocks[1]) as _).await;
        self.node = 0;
        self.compare_feeds().await;
    }

    async fn compare_feeds(&mut self) {
        let expected = delivered(&mut self.reference).await;
        assert_eq!(delivered(&mut self.nodes[self.node]).await, expected);
    }

    /// Compares everything that can be read, on every node.
    async fn compare(&self) {
        let subjects = Subjects::of(&self.memory.store().state());
        let reference = &self.reference.0;
        let expected = Dump::of(&**reference, &subjects).await;
        for (number, (node, _)) in self.nodes.iter().enumerate() {
            self.await_head(number).await;
            let found = Dump::of(&**node, &subjects).await;
            if let Some(difference) = expected.difference(&found) {
                panic!("the reference store says, and the other store says, of {difference}");
            }
            assert_eq!(expected, found);
        }
    }

    /// Waits until a node knows of all that was committed.
    async fn await_head(&self, node: usize) {
        let head = *self.reference.0.log_head().borrow();
        let mut known = self.nodes[node].0.log_head();
        within_limits(known.wait_for(|known| *known >= head)).await.expect("an open store");
    }

    fn resolve(&mut self, step: &Step) -> Option<AnyCommand> {
        let state = self.memory.store().state();
        Resolver { state: &state, ids: &mut self.ids, now: self.clocks[0].now() }.command(step)
    }
}

/// What the feed of a store has brought since the last call.
async fn delivered((store, feed): &mut Opened) -> Vec<String> {
    let (end, conversation) = (ReplyTo(0), store.lobby());
    let nobody = User::guest(UserId::from_uuid(Uuid::max()), Nickname::former());
    let (id, kind) = (CommandId::of_position(Seq(1)), EventKind::Deletion { seq: Seq(1) });
    store
        .submit(SendEvent { author: nobody, id, conversation, kind, reply_to: None }, end)
        .await
        .expect("an open store");
    let mut deliveries = Vec::new();
    loop {
        for delivery in within_limits(feed.recv()).await.expect("an open feed") {
            match delivery {
                Delivery::Reply { to, .. } if to == end => return deliveries,
                other => deliveries.push(text(&other)),
            }
        }
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

/// Takes a history on both stores and compares them.
fn compare_on<B: Backend + Default>(steps: &[Step], group: usize) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let mut pair = Pair::<B>::new().await;
        pair.take_all(steps, group).await;
        pair.compare().await;
        pair.restart().await;
        pair.compare().await;
        assert_eq!(pair.other.findings().await, "", "the tables equal the log");
    });
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 300, ..on_histories(32) })]

    #[test]
    fn sqlite_does_what_the_reference_store_does(steps in history(120), group in 1..12_usize) {
        compare_on::<OnSqlite>(&steps, group);
    }
}

// Each reading takes a round trip.
proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 300, ..on_histories(12) })]

    #[test]
    fn postgres_does_what_the_reference_store_does(steps in history(120), group in 1..12_usize) {
        compare_on::<OnPostgres>(&steps, group);
    }

    #[test]
    fn two_nodes_do_what_the_reference_store_does(steps in history(120), group in 1..12_usize) {
        compare_on::<OnNodes<2>>(&steps, group);
    }
}

/// Somebody who deleted the account while a message was on its way. The read mark, which is gone, says nothing of who wrote what
/// comes after it.
fn deleted_while_writing() -> Vec<Step> {
    let sign_up = |name, registered| Step::SignUp {
        name,
        address: name,
        registered,
        session: true,
        invite: None,
        owner: registered,
    };
    let say = |user, place| Step::Say { user, place, text: 0, reply_to: None };
    vec![
        sign_up(0, true),
        sign_up(1, false),
        sign_up(2, false),
        Step::BanNetwork { network: 15, until: 0 },
        Step::OpenDirect { user: 12, other: 125, by_name: false },
        say(158, 187),
        Step::DeleteAccount { user: 188, as_operator: true, messages: false },
        say(255, 0),
    ]
}

#[test]
fn own_messages_are_never_unread_after_an_account_s_deletion() {
    compare_on::<OnSqlite>(&deleted_while_writing(), 1);
    compare_on::<OnNodes<2>>(&deleted_while_writing(), 1);
}
