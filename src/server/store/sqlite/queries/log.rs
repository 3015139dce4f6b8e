//! The commit log: the tables `events` and `entries` in one order.

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::server::{
    rules::Entry,
    store::{
        commit_log::{Change, CommitEntry, Position},
        error::StoreError,
        sqlite::queries::{
            history::{EVENT_BYTES, EVENT_COLUMNS, event_from, name_event_users},
            rows::{fitting_rows, json_from},
        },
    },
};

/// Entries after a position, ascending: at most `limit`, and at most about `bytes` bytes, but at least one.
pub(crate) fn log_after(
    db: &Connection,
    after: Position,
    limit: u32,
    bytes: usize,
) -> Result<Vec<CommitEntry>, StoreError> {
    // SQLite merges the two tables in the order of their primary keys, and stops at the limit.
    let select = format!(
        "SELECT e.position, e.at, e.entry, c.kind = 'direct', {EVENT_COLUMNS}
           FROM (SELECT position, at, NULL AS entry, conversation, seq, author, command_id, target, payload
                   FROM events WHERE position > ?1
                 UNION ALL
                 SELECT position, at, entry, NULL, NULL, NULL, NULL, NULL, NULL FROM entries WHERE position > ?1
                  ORDER BY position LIMIT ?2) e
           LEFT JOIN conversations c ON c.number = e.conversation
           LEFT JOIN users u ON u.number = e.author
          ORDER BY e.position"
    );
    let (mut entries, _) = fitting_rows(db, &select, params![after, limit], (limit, bytes), |row| {
        let (change, size) = if let Some(entry) = json_from::<Entry>(row, 2)? {
            (Change::Entry(entry), EVENT_BYTES)
        } else {
            let (event, size) = event_from(row, 4)?;
            (Change::Event { event, direct: row.get(3)? }, size)
        };
        Ok((CommitEntry { position: row.get(0)?, at: row.get(1)?, change }, size))
    })?;
    for entry in &mut entries {
        if let Change::Event { event, .. } = &mut entry.change {
            name_event_users(db, event)?;
        }
    }
    Ok(entries)
}

/// Up to which position a consumer has processed the log.
pub(crate) fn consumer_position(db: &Connection, name: &str) -> Result<Position, StoreError> {
    let mut select = db.prepare_cached("SELECT position FROM consumers WHERE name = ?1")?;
    Ok(select.query_row([name], |row| row.get(0)).optional()?.unwrap_or(Position::START))
}
