//! What a store finds when it is opened again.

use std::{fs, sync::Arc};

use rusqlite::Connection;
use tempfile::TempDir;

use crate::{
    domain::{KeptMessages, Nickname, Timestamp},
    server::{
        rules::{DeleteAccount, DeletionAuthorization, EraseBatch},
        store::{
            clock_source::SystemClock,
            error::StoreError,
            sqlite::{
                error::OpenError,
                open::{DATABASE, open_reader},
                sqlite_store::SqliteStore,
                tests::support::{guest, guest_without_session, message, open, texts},
            },
        },
    },
};

#[tokio::test]
async fn acknowledged_messages_survive_a_kill() {
    let folder = TempDir::new().expect("a folder");
    let (store, _feed) = open(&folder);
    let ming = guest(&*store, "小明").await;
    for text in ["one", "two"] {
        store.execute(message(&*store, &ming, text)).await.expect("committed");
    }
    // The files as they are now are what a killed process leaves.
    let after_kill = TempDir::new().expect("a folder");
    for file in [DATABASE.to_owned(), format!("{DATABASE}-wal")] {
        fs::copy(folder.path().join(&file), after_kill.path().join(&file)).expect("a copy");
    }
    store.close().await;
    let (store, _feed) = open(&after_kill);
    assert_eq!(texts(&*store, &ming).await, ["one", "two"]);
    store.close().await;
}

#[tokio::test]
async fn a_command_repeated_after_a_restart_is_not_carried_out_again() {
    let folder = TempDir::new().expect("a folder");
    let (store, _feed) = open(&folder);
    let ming = guest(&*store, "小明").await;
    let commands = ["one", "two", "three"].map(|text| message(&*store, &ming, text));
    let mut first = Vec::new();
    for command in &commands {
        first.push(store.execute(command.clone()).await);
    }
    store.close().await;
    let (store, _feed) = open(&folder);
    // The ids ascend: one is the greatest in the log, and the others are less.
    for (command, first) in commands.into_iter().zip(first) {
        assert_eq!(store.execute(command).await, first);
    }
    store.close().await;
}

#[tokio::test]
async fn a_deleted_account_is_erased_in_batches_and_after_a_restart() {
    let folder = TempDir::new().expect("a folder");
    let (store, _feed) = open(&folder);
    let ming = guest(&*store, "小明").await;
    for number in 0..150 {
        store.execute(message(&*store, &ming, &format!("secret {number}"))).await.expect("committed");
    }
    let (authorization, messages) = (DeletionAuthorization::Guest, KeptMessages::Delete);
    store.execute(DeleteAccount { user: ming.id, authorization, messages }).await.expect("deleted");
    let count = |text: &str| {
        let db = open_reader(&folder.path().join(DATABASE)).expect("a database");
        let select = "SELECT count(*) FROM events WHERE instr(payload, ?1)";
        db.query_row(select, [text], |row| row.get::<_, u32>(0)).expect("a count")
    };
    assert_eq!(store.execute(EraseBatch).await, Ok(true));
    assert_eq!(count("secret"), 50, "a batch deletes 100 messages");
    store.close().await;

    let (store, _feed) = open(&folder);
    while store.execute(EraseBatch).await.expect("a batch") {}
    assert_eq!((count("secret"), count("deletion")), (0, 150));
    assert_eq!(store.user(ming.id).await.expect("a user").map(|user| user.nickname), Some(Nickname::former()));
    store.close().await;
}

#[tokio::test]
async fn guests_without_a_session_lose_the_nickname_at_a_restart() {
    let folder = TempDir::new().expect("a folder");
    let (store, _feed) = open(&folder);
    let ming = guest(&*store, "小明").await;
    let simple = guest_without_session(&*store, "simple").await;
    store.close().await;
    let (store, _feed) = open(&folder);
    assert_eq!(store.is_gone(ming.id).await, Ok(false));
    assert_eq!(store.is_gone(simple.id).await, Ok(true));
    assert_eq!(store.memberships(simple.id).await, Ok(vec![]));
    store.close().await;
}

#[tokio::test]
async fn times_never_go_back_even_if_the_clock_does() {
    let folder = TempDir::new().expect("a folder");
    let (store, _feed) = open(&folder);
    let ming = guest(&*store, "小明").await;
    store.execute(message(&*store, &ming, "before")).await.expect("a position");
    store.close().await;
    let future = Timestamp(Timestamp::now().0 + 1_000_000);
    let other = Connection::open(folder.path().join(DATABASE)).expect("a connection");
    other.execute("UPDATE events SET at = ?1", [future]).expect("an update");
    let (store, _feed) = open(&folder);
    assert_eq!(store.execute(message(&*store, &ming, "hi")).await.expect("a position").at, future);
    store.close().await;
}

#[tokio::test]
async fn a_closed_store_refuses_and_does_not_hang() {
    let folder = TempDir::new().expect("a folder");
    let (store, _feed) = open(&folder);
    let ming = guest(&*store, "小明").await;
    store.close().await;
    store.close().await;
    assert_eq!(store.execute(message(&*store, &ming, "hi")).await, Err(StoreError::Unavailable));
    assert_eq!(store.check_health().await, Err(StoreError::Unavailable));
    // Another process can open the data now.
    open(&folder).0.close().await;
}

#[test]
fn data_of_a_newer_program_is_left_alone() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join(DATABASE);
    let db = Connection::open(path).expect("a database");
    db.execute_batch("PRAGMA user_version = 999").expect("a version");
    let error = SqliteStore::open(folder.path(), None, Arc::new(SystemClock)).expect_err("a refusal");
    assert!(matches!(error, OpenError::NewerData { found: 999, .. }), "{error}");
}
