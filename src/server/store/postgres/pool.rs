//! The connections on which a node reads.

use std::time::{Duration, Instant};

use deadpool_postgres::{
    Hook, HookError, Manager, ManagerConfig, Object, PoolError, QueueMode, RecyclingMethod, Runtime,
};
use tokio::{sync::watch, time::timeout};
use tokio_postgres::{Client, Error, Row, SimpleQueryMessage, error::SqlState};

use crate::server::store::{
    commit_log::Position,
    error::StoreError,
    postgres::{
        connect::Database,
        error::{Failure, failure, unavailable},
        statement::{Statement, in_order},
    },
};

/// How many queries may run at once. The others wait.
const MAX_CONNECTIONS: usize = 8;

/// How long a query may wait for a free connection, and how long it may take. PostgreSQL itself ends it by then, too.
const WAIT_TIMEOUT: Duration = Duration::from_secs(5);
const QUERY_TIMEOUT: Duration = Duration::from_secs(5);

/// What every connection begins with. Each statement is planned once, which takes longer than to run it, and the plan must be
/// good for tables that grow: it finds rows by an index where there is one.
const GREETING: &str = "
    SET default_transaction_read_only = on;
    SET statement_timeout = '5s';
    SET idle_in_transaction_session_timeout = '10s';
    SET plan_cache_mode = force_generic_plan;
    SET enable_seqscan = off;
    SET enable_hashjoin = off;
    SET enable_mergejoin = off;
    SET jit = off;
    SELECT position FROM log;
";

/// Several statements see one snapshot of the database between these.
const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
const COMMIT: &str = "COMMIT";

/// Connections for reading. They are opened when they are needed.
#[derive(Debug)]
pub(super) struct Pool {
    connections: deadpool_postgres::Pool,
    /// Connections that are older are of no use any more.
    renewed: watch::Sender<Instant>,
}

impl Pool {
    /// `committed` is the newest position that this node knows of. A database that does not have it yet is not the one where the
    /// node writes, but a former primary or a copy that is behind: nothing is read from it.
    pub(super) fn new(database: &Database, committed: watch::Receiver<Position>) -> Self {
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = Manager::from_connect(database.config.clone(), database.clone(), recycling);
        let (renewed, oldest) = watch::channel(Instant::now());
        let connections = deadpool_postgres::Pool::builder(manager)
            .max_size(MAX_CONNECTIONS)
            // The connection that was used last has its statements prepared and its pages at hand.
            .queue_mode(QueueMode::Lifo)
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(WAIT_TIMEOUT))
            .create_timeout(Some(WAIT_TIMEOUT))
            .recycle_timeout(Some(WAIT_TIMEOUT))
            .post_create(Hook::async_fn(move |client, _| {
                let committed = *committed.borrow();
                Box::pin(async move { greet(client, committed).await })
            }))
            .pre_recycle(Hook::sync_fn(move |_, metrics| {
                if metrics.created < *oldest.borrow() {
                    return Err(HookError::message("the connection was given up"));
                }
                Ok(())
            }))
            .build();
        // Building fails only if time-outs are wanted without a runtime to measure them.
        let connections = connections.unwrap_or_else(|error| unreachable!("{error}"));
        Self { connections, renewed }
    }

    /// Gives up all present connections: after the database has failed over, they may lead to the former primary.
    pub(super) fn renew(&self) {
        self.renewed.send_replace(Instant::now());
        self.connections.retain(|_, _| false);
    }

    /// Sends one statement and reads its answer.
    pub(super) async fn read<T>(
        &self,
        statement: Statement,
        from: impl FnOnce(&[Row]) -> Result<T, Error>,
    ) -> Result<T, StoreError> {
        let [rows] = self.answers(&[statement]).await?;
        from(&rows).map_err(|error| unavailable(&error))
    }

    /// Sends one statement and reads each row of its answer.
    pub(super) async fn all<T>(
        &self,
        statement: Statement,
        from: impl FnMut(&Row) -> Result<T, Error>,
    ) -> Result<Vec<T>, StoreError> {
        self.read(statement, |rows| rows.iter().map(from).collect()).await
    }

    /// Sends one statement and reads the first row of its answer, if there is one.
    pub(super) async fn optional<T>(
        &self,
        statement: Statement,
        from: impl FnOnce(&Row) -> Result<T, Error>,
    ) -> Result<Option<T>, StoreError> {
        self.read(statement, |rows| rows.first().map(from).transpose()).await
    }

    /// Sends statements that all see the same snapshot, in one round trip, and reads their answers.
    pub(super) async fn snapshot<T, const N: usize>(
        &self,
        statements: [Statement; N],
        from: impl FnOnce([&[Row]; N]) -> Result<T, Error>,
    ) -> Result<T, StoreError> {
        let answers = self.answers(&statements).await?;
        from(answers.each_ref().map(Vec::as_slice)).map_err(|error| unavailable(&error))
    }

    /// The rows of each statement.
    async fn answers<const N: usize>(&self, statements: &[Statement; N]) -> Result<[Vec<Row>; N], StoreError> {
        let mut is_repeated = false;
        loop {
            let connection = self.connections.get().await.map_err(|error| no_connection(&error))?;
            match timeout(QUERY_TIMEOUT, send(&connection, statements)).await {
                Ok(Ok(rows)) => return Ok(rows),
                Ok(Err(error)) => {
                    let is_lost = failure(&error) == Failure::Connection;
                    if is_lost {
                        // Not back to the others.
                        drop(Object::take(connection));
                    }
                    // The database may have been restarted since the connection was last used.
                    if !is_lost || is_repeated || error.code() == Some(&SqlState::QUERY_CANCELED) {
                        return Err(unavailable(&error));
                    }
                    is_repeated = true;
                }
                Err(_elapsed) => {
                    // If this one is dead without knowing, so are others.
                    drop(Object::take(connection));
                    self.renew();
                    tracing::error!("the database did not answer a query within {QUERY_TIMEOUT:?}");
                    return Err(StoreError::Unavailable);
                }
            }
        }
    }
}

/// Sends statements, more than one in a transaction. Their number is that of the answers.
async fn send<const N: usize>(connection: &Object, statements: &[Statement; N]) -> Result<[Vec<Row>; N], Error> {
    let (begin, commit) = (Statement::new(BEGIN), Statement::new(COMMIT));
    let is_transaction = N > 1;
    let begin = is_transaction.then_some(&begin);
    let commit = is_transaction.then_some(&commit);
    let mut prepared = Vec::with_capacity(N + 2);
    for statement in begin.into_iter().chain(statements).chain(commit) {
        prepared.push((statement, connection.prepare_typed_cached(statement.sql(), &statement.types()).await?));
    }
    // All are sent together, so that none is left in a transaction by a caller who is gone before the end.
    let answers = in_order(
        prepared.iter().map(async |(statement, prepared)| connection.query(prepared, &statement.values()).await),
    );
    let mut answers = answers.await.into_iter().skip(usize::from(is_transaction));
    let mut rows = [const { Vec::new() }; N];
    for answer in &mut rows {
        *answer = answers.next().transpose()?.unwrap_or_default();
    }
    Ok(rows)
}

/// Prepares a new connection, and checks that its database has everything that this node knows to be committed.
async fn greet(client: &Client, committed: Position) -> Result<(), HookError> {
    let answers = client.simple_query(GREETING).await.map_err(HookError::Backend)?;
    let position = answers.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0)?.parse().ok().map(Position),
        _ => None,
    });
    if position.is_none_or(|position| position < committed) {
        return Err(HookError::message(
            "this database lacks what was committed: it is a former primary, or an old copy",
        ));
    }
    Ok(())
}

fn no_connection(error: &PoolError) -> StoreError {
    match error {
        PoolError::Backend(error) | PoolError::PostCreateHook(HookError::Backend(error)) => unavailable(error),
        other => {
            tracing::warn!(error = %other, "no connection to the database is free");
            StoreError::Unavailable
        }
    }
}
