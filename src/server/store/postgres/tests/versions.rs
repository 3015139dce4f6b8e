//! Programs of different versions on the same tables.

use std::sync::Arc;

use crate::server::{
    rules::Entry,
    store::{
        Change, CommitLog as _, Position,
        clock_source::SystemClock,
        postgres::{
            error::PostgresOpenError,
            migrations::{MIGRATIONS, Migration},
            postgres_store::PostgresStore,
            tests::{
                nodes::{say, sign_up},
                test_database::TestDatabase,
            },
        },
    },
};

/// The migrations of a next version, which adds a column that the present one does not know.
fn next_version(oldest_program: i32) -> Vec<Migration> {
    let step = Migration { sql: "ALTER TABLE users ADD COLUMN colour text", oldest_program };
    MIGRATIONS.iter().copied().chain([step]).collect()
}

#[tokio::test]
async fn the_next_version_runs_beside_this_one() {
    let database = TestDatabase::empty().await;
    let (now, _feed) = PostgresStore::open(database.database(), Arc::new(SystemClock)).await.expect("this version");
    let ada = sign_up(&now, "Ada").await;
    let known = i32::try_from(MIGRATIONS.len()).expect("few migrations");
    let (next, _next_feed) = PostgresStore::open_with(database.database(), Arc::new(SystemClock), &next_version(known))
        .await
        .expect("the next");
    let bob = sign_up(&next, "Bob").await;
    assert_eq!(say(&now, &ada, "from this version").await, 1);
    assert_eq!(say(&next, &bob, "from the next").await, 2);
    assert_eq!(say(&now, &ada, "from this version again").await, 3);
    // This version starts on the tables of the next, too.
    let (again, _feed) = PostgresStore::open(database.database(), Arc::new(SystemClock)).await.expect("this version");
    assert_eq!(say(&again, &bob, "from this version, started later").await, 4);
}

#[tokio::test]
async fn an_entry_of_the_next_version_is_passed_over() {
    let database = TestDatabase::with_tables().await;
    let (store, _feed) = PostgresStore::open(database.database(), Arc::new(SystemClock)).await.expect("this version");
    let ada = sign_up(&store, "Ada").await;
    let newer = "WITH moved AS (UPDATE log SET position = position + 1 RETURNING position)
        INSERT INTO entries (position, at, entry)
        SELECT position, 0, '{\"kind\": \"told_by_carrier_pigeon\", \"pigeon\": 7}' FROM moved";
    database.client().await.batch_execute(newer).await.expect("an entry");
    assert_eq!(say(&store, &ada, "after it").await, 1);
    let log = store.log_after(Position::START, 100, usize::MAX).await.expect("the log");
    assert_eq!(log[log.len() - 2].change, Change::Entry(Entry::Other));
    assert!(matches!(log[log.len() - 1].change, Change::Event { .. }));
}

#[tokio::test]
async fn a_version_whose_tables_are_too_new_is_named() {
    let database = TestDatabase::empty().await;
    let known = i32::try_from(MIGRATIONS.len()).expect("few migrations");
    drop(
        PostgresStore::open_with(database.database(), Arc::new(SystemClock), &next_version(known + 1))
            .await
            .expect("the next"),
    );
    let refused = PostgresStore::open(database.database(), Arc::new(SystemClock)).await.map(drop);
    let Err(PostgresOpenError::NewerTables { found, known: of_program }) = refused else { panic!("{refused:?}") };
    assert_eq!((found, of_program), (known + 1, known));
}

#[tokio::test]
async fn nodes_that_start_together_make_one_store() {
    let database = TestDatabase::empty().await;
    let open = || PostgresStore::open(database.database(), Arc::new(SystemClock));
    let (one, two, three) = tokio::join!(open(), open(), open());
    let [one, two, three] = [one, two, three].map(|opened| opened.expect("a store").0);
    let ada = sign_up(&one, "Ada").await;
    assert_eq!(say(&two, &ada, "the same Lobby").await, 1);
    assert_eq!(say(&three, &ada, "here too").await, 2);
}

#[tokio::test]
async fn tables_of_somebody_else_are_left_alone() {
    let database = TestDatabase::empty().await;
    database.client().await.batch_execute("CREATE TABLE invoices (number int)").await.expect("a table");
    let refused = PostgresStore::open(database.database(), Arc::new(SystemClock)).await.map(drop);
    assert!(matches!(refused, Err(PostgresOpenError::Occupied)), "{refused:?}");
}
