//! The commit log: the tables `events` and `entries` in one order.

use tokio_postgres::{Error, Row};

use crate::server::{
    rules::Entry,
    store::{
        commit_log::{Change, CommitEntry, Position},
        error::StoreError,
        postgres::{
            pool::Pool,
            reads::{
                history::{event_from, name_users},
                rows::json_from,
                sql::{event_columns, event_size, fitting, user_columns, users_of},
            },
            statement::Statement,
        },
    },
};

/// Asks for entries after a position, ascending: at most `limit`, and at most about `bytes` bytes, but at least one.
fn log_statement(after: Position, limit: u32, bytes: usize) -> Statement {
    Statement::new(concat!(
        "SELECT e.position, e.at, e.entry, coalesce(c.kind = 'direct', false), ",
        event_columns!(),
        " FROM (",
        fitting!(
            concat!(
                "SELECT e.*, ",
                event_size!(),
                // Each table is read in the order of its primary key, up to the limit.
                " FROM ((SELECT position, at, NULL::jsonb AS entry, conversation, seq, author, command_id, target, payload
                           FROM events WHERE position > $1::bigint ORDER BY position LIMIT $2::bigint)
                        UNION ALL
                        (SELECT position, at, entry, NULL, NULL, NULL, NULL, NULL, NULL
                           FROM entries WHERE position > $1::bigint ORDER BY position LIMIT $2::bigint)
                         ORDER BY position LIMIT $2::bigint) e",
            ),
            "position",
            "$3"
        ),
        ") e LEFT JOIN LATERAL (SELECT id, kind FROM conversations WHERE number = e.conversation LIMIT 1) c ON true",
        users_of!("e", "CASE WHEN e.payload ->> 'kind' IN ('notice', 'room') THEN e.payload END"),
        "ORDER BY e.position"
    ))
    .bind(after)
    .bind(i64::from(limit))
    .bind(i64::try_from(bytes).unwrap_or(i64::MAX))
}

fn entry_from(row: &Row) -> Result<CommitEntry, Error> {
    let change = match json_from::<Entry>(row, 2)? {
        Some(entry) => Change::Entry(entry),
        None => Change::Event { event: event_from(row, 4)?, direct: row.try_get(3)? },
    };
    Ok(CommitEntry { position: row.try_get(0)?, at: row.try_get(1)?, change })
}

/// Entries after a position, ascending: at most `limit`, and at most about `bytes` bytes, but at least one.
pub(crate) async fn log_after(
    pool: &Pool,
    after: Position,
    limit: u32,
    bytes: usize,
) -> Result<Vec<CommitEntry>, StoreError> {
    let mut entries = pool.all(log_statement(after, limit, bytes), entry_from).await?;
    let events = entries.iter_mut().filter_map(|entry| match &mut entry.change {
        Change::Event { event, .. } => Some(event),
        Change::Entry(_) => None,
    });
    name_users(pool, events.flat_map(|event| event.kind.mentioned_users_mut())).await?;
    Ok(entries)
}

/// The position of the newest entry.
pub(crate) async fn log_position(pool: &Pool) -> Result<Position, StoreError> {
    Ok(pool
        .optional(Statement::new("SELECT position FROM log"), |row| row.try_get(0))
        .await?
        .unwrap_or(Position::START))
}

/// Up to which position a consumer has processed the log.
pub(crate) async fn consumer_position(pool: &Pool, name: &'static str) -> Result<Position, StoreError> {
    let statement = Statement::new("SELECT position FROM consumers WHERE name = $1::text").bind(name.to_owned());
    Ok(pool.optional(statement, |row| row.try_get(0)).await?.unwrap_or(Position::START))
}
