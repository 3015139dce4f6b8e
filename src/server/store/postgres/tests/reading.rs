//! What a node reads, on which connections.

use tokio::sync::watch;
use tokio_postgres::Client;

use crate::server::store::{
    Position, StoreError,
    postgres::{pool::Pool, statement::Statement, tests::test_database::TestDatabase},
};

const POSITION: &str = "SELECT position FROM log";

/// Connections of a node that knows of nothing yet, and one of somebody else.
async fn pool() -> (TestDatabase, Pool, Client) {
    let database = TestDatabase::with_tables().await;
    let pool = Pool::new(&database.database(), watch::channel(Position::START).1);
    let client = database.client().await;
    (database, pool, client)
}

async fn set_position(client: &Client, position: u32) {
    let changed = client.execute(&format!("UPDATE log SET position = {position}"), &[]).await;
    assert_eq!(changed.expect("a change"), 1);
}

async fn position(pool: &Pool) -> Result<Option<Position>, StoreError> {
    pool.optional(Statement::new(POSITION), |row| row.try_get(0)).await
}

/// Which process of the database answers.
async fn process(pool: &Pool) -> i32 {
    let process = pool.optional(Statement::new("SELECT pg_backend_pid()"), |row| row.try_get(0)).await;
    process.expect("an answer").expect("a row")
}

#[tokio::test]
async fn all_statements_of_a_query_see_the_same_moment() {
    let (_database, pool, client) = pool().await;
    client.execute("SELECT pg_advisory_lock(1)", &[]).await.expect("a lock");
    let wait = Statement::new("SELECT pg_advisory_xact_lock_shared(1)");
    let reading = pool.snapshot([Statement::new(POSITION), wait, Statement::new(POSITION)], |[before, _, after]| {
        Ok((before[0].try_get::<_, Position>(0)?, after[0].try_get::<_, Position>(0)?))
    });
    let writing = async {
        let waiting = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
              AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
        while client.query(waiting, &[]).await.expect("the locks").is_empty() {
            tokio::task::yield_now().await;
        }
        set_position(&client, 7).await;
        client.execute("SELECT pg_advisory_unlock(1)", &[]).await.expect("no lock");
    };
    let (read, ()) = tokio::join!(reading, writing);
    assert_eq!(read, Ok((Position(0), Position(0))));
    assert_eq!(position(&pool).await, Ok(Some(Position(7))), "and the next query a later one");
}

#[tokio::test]
async fn a_connection_that_the_database_has_ended_is_replaced() {
    let (_database, pool, client) = pool().await;
    for _ in 0..5 {
        let ended = process(&pool).await;
        client.execute("SELECT pg_terminate_backend($1)", &[&ended]).await.expect("the end of a connection");
        assert_ne!(process(&pool).await, ended);
    }
}

#[tokio::test]
async fn connections_that_were_given_up_are_not_used_again() {
    let (_database, pool, _client) = pool().await;
    let before = process(&pool).await;
    assert_eq!(process(&pool).await, before, "queries one after the other need one connection");
    pool.renew();
    assert_ne!(process(&pool).await, before);
}

#[tokio::test]
async fn nothing_is_read_from_a_database_that_lacks_what_was_committed() {
    let database = TestDatabase::with_tables().await;
    let (committed, known) = watch::channel(Position(2));
    let pool = Pool::new(&database.database(), known);
    let client = database.client().await;
    set_position(&client, 1).await;
    assert_eq!(position(&pool).await, Err(StoreError::Unavailable));
    set_position(&client, 2).await;
    assert_eq!(position(&pool).await, Ok(Some(Position(2))));
    committed.send_replace(Position(3));
    pool.renew();
    assert_eq!(position(&pool).await, Err(StoreError::Unavailable));
}

#[tokio::test]
async fn a_failed_query_leaves_no_transaction_behind() {
    let (_database, pool, _client) = pool().await;
    let before = process(&pool).await;
    let failed = pool.snapshot([Statement::new(POSITION), Statement::new("SELECT 1 / 0")], |_| Ok(())).await;
    assert_eq!(failed, Err(StoreError::Unavailable));
    let answers = pool.snapshot([Statement::new(POSITION), Statement::new(POSITION)], |rows| Ok(rows.map(<[_]>::len)));
    assert_eq!(answers.await, Ok([1, 1]));
    assert_eq!(process(&pool).await, before, "and the connection is still good");
}

#[tokio::test]
async fn nobody_writes_on_a_connection_for_reading() {
    let (_database, pool, _client) = pool().await;
    let written = pool.all(Statement::new("UPDATE log SET position = 1 RETURNING position"), |_| Ok(())).await;
    assert_eq!(written, Err(StoreError::Unavailable));
    assert_eq!(position(&pool).await, Ok(Some(Position(0))));
}
