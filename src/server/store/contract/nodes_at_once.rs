//! Random commands on several nodes at once: in whatever order they take effect, the tables equal the log, and all nodes say
//! the same.

use std::sync::Arc;

use proptest::prelude::*;
use tokio::task::JoinSet;

use crate::server::{
    rules::tests::{
        any_command::AnyCommand,
        clock::CountedIds,
        resolve::Resolver,
        step::{Step, history, on_histories},
    },
    store::{
        Store, StoreError,
        clock_source::ClockSource as _,
        contract::{
            backend::{Backend as _, InMemory, OnNodes},
            clock::TurnedClock,
            dump::{Dump, Subjects},
        },
    },
};

/// How many commands a node gets before the first of them must have taken effect.
const QUEUED: usize = 8;

/// Carries out a history on the reference store, and returns its commands. What they refer to exists if they are carried out
/// in this order, and much of it otherwise, too.
async fn commands(steps: &[Step], memory: &mut InMemory) -> Vec<AnyCommand> {
    let clock = Arc::new(TurnedClock::default());
    let (store, _feed) = memory.open(Arc::clone(&clock) as _).await;
    let mut ids = CountedIds::new(0);
    let mut commands = Vec::new();
    for step in steps {
        if let Step::Wait { minutes } = step {
            clock.turn(*minutes);
        }
        let state = memory.store().state();
        let command = Resolver { state: &state, ids: &mut ids, now: clock.now() }.command(step);
        drop(state);
        if let Some(command) = command {
            assert_was_decided(&store.execute(command.clone()).await);
            commands.push(command);
        }
    }
    commands
}

fn assert_was_decided(reply: &Result<String, StoreError>) {
    assert!(matches!(reply, Ok(_) | Err(StoreError::Refused(_))), "{reply:?}");
}

async fn carry_out(store: Arc<dyn Store>, commands: Vec<AnyCommand>) {
    for commands in commands.chunks(QUEUED) {
        let mut receipts = Vec::new();
        for command in commands {
            receipts.push(store.queue(command.clone()).await.expect("an open store"));
        }
        for receipt in receipts {
            assert_was_decided(&receipt.await);
        }
    }
}

async fn carry_out_at_once(steps: &[Step]) {
    const NODES: usize = 3;
    let mut backend = OnNodes::<NODES>::default();
    let nodes = backend.open_nodes(Arc::new(TurnedClock::default())).await;
    let mut memory = InMemory::with_lobby(nodes[0].0.lobby());
    let mut commands = commands(steps, &mut memory).await;
    // Only users who exist send commands.
    let others = commands.split_off(commands.partition_point(|command| matches!(command, AnyCommand::CreateUser(_))));
    for (command, (store, _feed)) in commands.into_iter().zip(nodes.iter().cycle()) {
        assert_was_decided(&store.execute(command).await);
    }
    let mut running = JoinSet::new();
    for (number, (store, _feed)) in nodes.iter().enumerate() {
        let own = others.iter().skip(number).step_by(NODES).cloned().collect();
        running.spawn(carry_out(Arc::clone(store), own));
    }
    while let Some(node) = running.join_next().await {
        node.expect("all commands were decided");
    }
    assert_eq!(backend.findings().await, "", "the tables equal the log");
    let subjects = Subjects::of(&memory.store().state());
    let mut dumps = Vec::new();
    for (store, _feed) in &nodes {
        dumps.push(Dump::without_head(&**store, &subjects).await);
    }
    for other in &dumps[1..] {
        assert_eq!(dumps[0].difference(other), None);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 100, ..on_histories(8) })]

    #[test]
    fn nodes_that_write_at_once_keep_the_tables_true_to_the_log(mut steps in history(240)) {
        steps.sort_by_key(|step| !matches!(step, Step::SignUp { .. }));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(carry_out_at_once(&steps));
    }
}
