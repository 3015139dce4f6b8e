//! Several nodes on one database.

use std::sync::Arc;

use tokio::task::JoinSet;

use crate::{
    domain::{Body, CommandId, EventKind, Nickname, Seq, SessionId, User, UserId},
    server::{
        rules::{CreateUser, Entry, NewSession, SendEvent, SessionKey},
        store::{
            Change, CommitFeed, CommitLog as _, Delivery, Position, Store,
            clock_source::SystemClock,
            postgres::{postgres_store::PostgresStore, tests::test_database::TestDatabase},
            store_trait::{Lifecycle as _, Writes as _},
        },
    },
};

/// Signs a guest up.
pub(super) async fn sign_up(store: &PostgresStore, name: &str) -> User {
    let nickname = Nickname::parse(name).expect("a nickname");
    let (user, key) = (User::guest(UserId::generate(), nickname.clone()), nickname.key());
    let mut hash = [0; 32];
    hash[..16].copy_from_slice(user.id.as_uuid().as_bytes());
    let session = Some(NewSession {
        key: SessionKey(hash),
        id: SessionId::generate(),
        agent: String::new(),
        used: true,
        address: None,
    });
    let created = CreateUser {
        user: user.clone(),
        key,
        session,
        address: None,
        invite: None,
        password: None,
        max_names_per_address: None,
    };
    (store as &dyn Store).execute(created).await.expect("a free nickname");
    user
}

pub(super) fn message(store: &PostgresStore, author: &User, text: &str) -> SendEvent {
    let kind = EventKind::message(Body::parse(text).expect("a text"));
    SendEvent { author: author.clone(), id: CommandId::generate(), conversation: store.lobby(), kind, reply_to: None }
}

/// Says something in the Lobby, and returns its seq.
pub(super) async fn say(store: &PostgresStore, author: &User, text: &str) -> u64 {
    let message = message(store, author, text);
    (store as &dyn Store).execute(message).await.expect("a guest may write").seq.0
}

async fn open(database: &TestDatabase) -> (Arc<PostgresStore>, CommitFeed) {
    let (store, feed) = PostgresStore::open(database.database(), Arc::new(SystemClock)).await.expect("a store");
    (Arc::new(store), feed)
}

#[tokio::test]
async fn positions_and_seqs_of_nodes_that_write_at_once_have_no_holes() {
    const NODES: usize = 3;
    const WRITERS: usize = 4;
    const MESSAGES: usize = 25;
    let database = TestDatabase::with_tables().await;
    let mut writing = JoinSet::new();
    let mut nodes = Vec::new();
    for node in 0..NODES {
        let (store, feed) = open(&database).await;
        for writer in 0..WRITERS {
            let store = Arc::clone(&store);
            writing.spawn(async move {
                let user = sign_up(&store, &format!("User {node} {writer}")).await;
                for number in 0..MESSAGES {
                    say(&store, &user, &format!("message {number}")).await;
                }
            });
        }
        nodes.push((store, feed));
    }
    while let Some(written) = writing.join_next().await {
        written.expect("a writer");
    }
    let log = nodes[0].0.log_after(Position::START, u32::MAX, usize::MAX).await.expect("the log");
    let positions: Vec<_> = log.iter().map(|entry| entry.position.0).collect();
    assert_eq!(positions, (1..=log.len() as u64).collect::<Vec<_>>());
    let seqs: Vec<_> = log
        .iter()
        .filter_map(|entry| match &entry.change {
            Change::Event { event, .. } => Some(event.seq.0),
            Change::Entry(_) => None,
        })
        .collect();
    assert_eq!(seqs, (1..=(NODES * WRITERS * MESSAGES) as u64).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_node_learns_what_another_has_committed() {
    let database = TestDatabase::with_tables().await;
    let ((one, _one_feed), (two, mut two_feed)) = (open(&database).await, open(&database).await);
    let mut foreign = two.foreign_head().expect("there are other nodes");
    let ada = sign_up(&one, "Ada").await;
    let position = *one.log_head().borrow();
    foreign.wait_for(|head| *head >= position).await.expect("an open store");
    let log = two.log_after(Position::START, 100, usize::MAX).await.expect("the log");
    assert!(log.iter().any(|entry| entry.change == Change::Entry(Entry::SignedUp { user: ada.id, registered: false })));

    // A device at another node clears its badge.
    say(&one, &sign_up(&one, "Bob").await, "hello").await;
    one.mark_read(ada.id, one.lobby(), Seq(1));
    loop {
        let deliveries = two_feed.recv().await.expect("an open feed");
        if let Some(Delivery::MarkedRead { user, seq, .. }) = deliveries.first() {
            assert_eq!((*user, *seq), (ada.id, Seq(1)));
            break;
        }
    }
}

#[tokio::test]
async fn a_command_that_comes_by_two_nodes_takes_effect_once() {
    let database = TestDatabase::with_tables().await;
    let ((one, _one_feed), (two, _two_feed)) = (open(&database).await, open(&database).await);
    let ada = sign_up(&one, "Ada").await;
    let command = message(&one, &ada, "once");
    let (first, second) =
        tokio::join!((&*one as &dyn Store).execute(command.clone()), (&*two as &dyn Store).execute(command.clone()));
    assert_eq!(first, second);
    assert_eq!(first.map(|position| position.seq), Ok(Seq(1)));
    assert_eq!(say(&two, &ada, "twice").await, 2);
}
