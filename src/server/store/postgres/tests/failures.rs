//! What happens to commands when the database, or the network to it, fails.

use std::sync::Arc;

use tokio_postgres::config::Host;

use crate::server::store::{
    CommitLog as _, Position, Store, StoreError,
    clock_source::SystemClock,
    postgres::{
        connect::Database,
        postgres_store::PostgresStore,
        tests::{
            cut_proxy::{CutProxy, Network},
            nodes::{message, say, sign_up},
            test_database::TestDatabase,
        },
    },
    store_trait::Lifecycle as _,
};

/// A database behind a network that can be cut, and a store that uses it.
async fn behind_proxy() -> (TestDatabase, CutProxy, PostgresStore, crate::server::store::CommitFeed) {
    let database = TestDatabase::with_tables().await;
    let Database { mut config, tls } = database.database();
    let Some(Host::Tcp(host)) = config.get_hosts().first() else { panic!("the tests' PostgreSQL listens on TCP") };
    let port = config.get_ports().first().copied().unwrap_or(5432);
    let proxy = CutProxy::start((host.clone(), port)).await;
    let mut through = tokio_postgres::Config::new();
    through.host("127.0.0.1").port(proxy.port).dbname(config.get_dbname().expect("a database"));
    through.user(config.get_user().unwrap_or("postgres")).ssl_mode(config.get_ssl_mode());
    if let Some(password) = config.get_password() {
        through.password(password);
    }
    config = through;
    let store = PostgresStore::open(Database { config, tls }, Arc::new(SystemClock)).await;
    let (store, feed) = store.expect("a store");
    (database, proxy, store, feed)
}

#[tokio::test]
async fn a_commit_whose_answer_is_lost_is_found_out_about() {
    let (_database, proxy, store, _feed) = behind_proxy().await;
    let ada = sign_up(&store, "Ada").await;
    for number in 1..=5 {
        // The text of the command, which the second round trip brings with the commit.
        proxy.set(Network::LosesAnswerTo(b"the answer is lost"));
        assert_eq!(say(&store, &ada, "the answer is lost").await, number, "and it is there once");
        proxy.wait_for(&Network::Open).await;
    }
    let log = store.log_after(Position::START, 100, usize::MAX).await.expect("the log");
    assert_eq!(log.last().map(|entry| entry.position.0), Some(log.len() as u64));
}

#[tokio::test]
async fn a_sign_up_whose_answer_is_lost_is_found_out_about() {
    // It has no command id.
    let (_database, proxy, store, _feed) = behind_proxy().await;
    proxy.set(Network::LosesAnswerTo(b"Lost Answer"));
    sign_up(&store, "Lost Answer").await;
    proxy.wait_for(&Network::Open).await;
}

#[tokio::test]
async fn a_short_failure_delays_commands_and_fails_none() {
    let (_database, proxy, store, _feed) = behind_proxy().await;
    let ada = sign_up(&store, "Ada").await;
    for number in 1..=5 {
        proxy.set(Network::Closed);
        let message = message(&store, &ada, "hello");
        let sending = (&store as &dyn Store).execute(message);
        let opening = async {
            tokio::time::sleep(std::time::Duration::from_millis(300)).await;
            proxy.set(Network::Open);
        };
        let (sent, ()) = tokio::join!(sending, opening);
        assert_eq!(sent.map(|position| position.seq.0), Ok(number));
    }
}

#[tokio::test]
async fn without_a_database_commands_are_refused_and_the_store_is_not_ready() {
    let (_database, proxy, store, _feed) = behind_proxy().await;
    let ada = sign_up(&store, "Ada").await;
    proxy.set(Network::Closed);
    let refused = (&store as &dyn Store).execute(message(&store, &ada, "hello")).await;
    assert_eq!(refused, Err(StoreError::Unavailable));
    assert_eq!(store.check_health().await, Err(StoreError::Unavailable));
    proxy.set(Network::Open);
    while store.check_health().await.is_err() {
        // The next command finds out.
        let _still = (&store as &dyn Store).execute(message(&store, &ada, "hello")).await;
    }
    say(&store, &ada, "again").await;
}

#[tokio::test]
async fn a_node_that_freezes_in_the_line_does_not_hold_it() {
    let database = TestDatabase::with_tables().await;
    let (store, _feed) = PostgresStore::open(database.database(), Arc::new(SystemClock)).await.expect("a store");
    let ada = sign_up(&store, "Ada").await;
    // Like a writer that has got the lock and then says nothing more.
    let frozen = database.client().await;
    frozen
        .batch_execute("SET idle_in_transaction_session_timeout = '2s'; BEGIN; LOCK TABLE log IN EXCLUSIVE MODE")
        .await
        .expect("the lock");
    assert_eq!(say(&store, &ada, "hello").await, 1);
    assert!(frozen.batch_execute("COMMIT").await.is_err(), "the frozen one has lost its connection");
}

#[tokio::test]
async fn a_database_that_lacks_what_was_committed_is_not_written_to() {
    let database = TestDatabase::with_tables().await;
    let (store, _feed) = PostgresStore::open(database.database(), Arc::new(SystemClock)).await.expect("a store");
    let ada = sign_up(&store, "Ada").await;
    // As after a failover to a standby that was behind.
    let client = database.client().await;
    client.batch_execute("UPDATE log SET position = position - 1").await.expect("a table of Teahouse's");
    let refused = (&store as &dyn Store).execute(message(&store, &ada, "hello")).await;
    assert_eq!(refused, Err(StoreError::Unavailable));
    client.batch_execute("UPDATE log SET position = position + 1").await.expect("a table of Teahouse's");
    say(&store, &ada, "hello").await;
}
