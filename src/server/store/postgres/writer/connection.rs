//! The writer's connection.

use std::time::Duration;

use tokio::time::timeout;
use tokio_postgres::{Client, Row};
use tokio_util::task::AbortOnDropHandle;
use uuid::Uuid;

use crate::server::store::postgres::{
    apply,
    connect::Database,
    error::{Failure, failure, in_words},
    facts,
    statement::{Prepared, Statement},
};

/// How long PostgreSQL may take to answer everything that was sent in one go. The line before the lock is part of it.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// How long connecting and preparing may take, all hosts included.
const OPEN_TIMEOUT: Duration = Duration::from_secs(5);

/// Settings of the session.
///
/// A node that is frozen while it holds the lock loses its connection by `idle_in_transaction_session_timeout`, and nothing
/// else frees the line. There is no `statement_timeout`: it would end a commit's wait for the standby, and PostgreSQL then reports
/// success. A weaker `synchronous_commit` than `on` would break the promise of an ack.
///
/// Left to itself, PostgreSQL plans a statement anew each time while its arrays are short, which takes longer than to run it
/// and holds the line; and a plan from when a table was small goes on reading all of it for a minute while it grows.
pub(in crate::server::store::postgres) const SETTINGS: &str = "
    SET idle_in_transaction_session_timeout = '2s';
    SET statement_timeout = 0;
    SET lock_timeout = '4s';
    SET plan_cache_mode = force_generic_plan;
    SET enable_seqscan = off;
    SET enable_hashjoin = off;
    SET enable_mergejoin = off;
    SET jit = off;
    SELECT set_config('synchronous_commit', 'on', false)
     WHERE current_setting('synchronous_commit') NOT IN ('on', 'remote_apply');
";

pub(super) const BEGIN: &str = "BEGIN";
pub(super) const LOCK: &str = "LOCK TABLE log IN EXCLUSIVE MODE";
pub(super) const POSITION: &str = "SELECT position FROM log";
pub(super) const SET_POSITION: &str = "UPDATE log SET position = $1";
pub(super) const SET_BATCH: &str = "INSERT INTO writers (writer, batch) VALUES ($1, $2)
    ON CONFLICT (writer) DO UPDATE SET batch = $2, at = now()";
pub(super) const NOTIFY: &str = "SELECT pg_notify($1, $2)";
pub(super) const COMMIT: &str = "COMMIT";
const BATCH: &str = "SELECT batch FROM writers WHERE writer = $1";
const HOT: [&str; 7] = [BEGIN, LOCK, POSITION, SET_POSITION, SET_BATCH, NOTIFY, COMMIT];

/// Why an attempt to write failed.
#[derive(Debug)]
pub(super) enum WriteError {
    /// The connection is of no use any more. Before a commit was sent, nothing has happened.
    Connection,
    /// PostgreSQL, or the reader of its answer, refuses something; the log has the cause. The transaction is to be rolled back.
    Statement,
}

/// The connection, with its statements prepared.
#[derive(Debug)]
pub(super) struct WriterConnection {
    client: Client,
    prepared: Prepared,
    _driver: AbortOnDropHandle<()>,
}

impl WriterConnection {
    /// Connects and prepares.
    pub(super) async fn open(database: &Database) -> Result<Self, WriteError> {
        match timeout(OPEN_TIMEOUT, Self::try_open(database)).await {
            Ok(Ok(connection)) => Ok(connection),
            Ok(Err(error)) => {
                tracing::debug!(error = in_words(&error), "the writer cannot connect");
                Err(WriteError::Connection)
            }
            Err(_elapsed) => Err(WriteError::Connection),
        }
    }

    async fn try_open(database: &Database) -> Result<Self, tokio_postgres::Error> {
        let (client, driver) = database.connect().await?;
        let driver = AbortOnDropHandle::new(tokio::spawn(async move {
            if let Err(error) = driver.await {
                tracing::debug!(error = in_words(&error), "the writer's connection has ended");
            }
        }));
        client.batch_execute(SETTINGS).await?;
        // Frees the line sooner from a node whose connection has closed; not on every system.
        let _unsupported = client.batch_execute("SET client_connection_check_interval = '1s'").await;
        let hot: Vec<_> = HOT.iter().chain(facts::HOT).chain(apply::HOT).copied().collect();
        let prepared = Prepared::prepare(&client, &hot).await?;
        Ok(Self { client, prepared, _driver: driver })
    }

    /// Sends all statements at once, and returns the rows of each.
    pub(super) async fn pipeline(&self, statements: &[Statement]) -> Result<Vec<Vec<Row>>, WriteError> {
        match timeout(ANSWER_TIMEOUT, self.prepared.pipeline(&self.client, statements)).await {
            Ok(Ok(rows)) => Ok(rows),
            Ok(Err(error)) => Err(match failure(&error) {
                Failure::Connection => {
                    tracing::warn!(error = in_words(&error), "the writer lost its connection");
                    WriteError::Connection
                }
                Failure::Statement => {
                    tracing::error!(error = in_words(&error), "PostgreSQL refuses a statement");
                    WriteError::Statement
                }
            }),
            Err(_elapsed) => {
                tracing::warn!("PostgreSQL does not answer the writer");
                Err(WriteError::Connection)
            }
        }
    }

    /// Rolls the transaction back.
    pub(super) async fn roll_back(&self) -> Result<(), WriteError> {
        self.pipeline(&[Statement::new("ROLLBACK")]).await.map(drop)
    }

    /// Whether the writer's last batch, whose answer was lost, was committed. Waits for the lock, and so until the transaction
    /// in question has ended. Its own commit makes sure that the other one is where this one is: at the standby, too.
    pub(super) async fn has_committed(&self, writer: Uuid, batch: i64) -> Result<bool, WriteError> {
        let touch = "UPDATE writers SET at = now() WHERE writer = $1";
        let statements = [
            Statement::new(BEGIN),
            Statement::new(LOCK),
            Statement::new(BATCH).bind(writer),
            Statement::new(touch).bind(writer),
            Statement::new(COMMIT),
        ];
        let rows = self.pipeline(&statements).await?;
        let row = rows.get(2).and_then(|rows| rows.first());
        Ok(row.is_some_and(|row| row.try_get::<_, i64>(0).is_ok_and(|found| found == batch)))
    }
}
