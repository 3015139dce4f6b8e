//! What users may not do, and for how long.

use rusqlite::{Connection, OptionalExtension as _, ToSql, params, types::ToSqlOutput};

use crate::{
    domain::{ConversationId, Timestamp, UserId},
    server::{
        clock,
        store::{error::StoreError, sqlite::commands::guest_sanctions},
    },
};

/// Where a sanction holds: in a room, or, without one, in the whole house.
#[derive(Clone, Copy)]
pub(crate) struct SanctionScope(pub(crate) Option<ConversationId>);

impl ToSql for SanctionScope {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        match &self.0 {
            Some(room) => room.to_sql(),
            None => Ok(ToSqlOutput::from([].as_slice())),
        }
    }
}

/// Begins a sanction, or gives it another end.
pub(crate) fn begin(
    db: &Connection,
    user: UserId,
    scope: SanctionScope,
    kind: &str,
    until: Option<Timestamp>,
) -> Result<(), StoreError> {
    db.prepare_cached(
        "INSERT INTO sanctions (user, scope, kind, until) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO UPDATE SET until = excluded.until, origin = NULL",
    )?
    .execute(params![user, scope, kind, until])?;
    Ok(())
}

/// Ends a sanction, that of those who took it over when they came in new, and what it has left behind.
pub(crate) fn end(db: &Connection, user: UserId, scope: SanctionScope, kind: &str) -> Result<(), StoreError> {
    db.prepare_cached("DELETE FROM sanctions WHERE (user = ?1 OR origin = ?1) AND scope = ?2 AND kind = ?3")?
        .execute(params![user, scope, kind])?;
    guest_sanctions::lift(db, user, scope, kind)
}

/// Whether this user may come into the house, or into the room.
pub(crate) fn check_entry(db: &Connection, user: UserId, scope: SanctionScope) -> Result<(), StoreError> {
    match strictest(db, user, scope)? {
        Some(SanctionRow::Ban(until)) => Err(StoreError::Banned { until }),
        Some(SanctionRow::Mute(_)) | None => Ok(()),
    }
}

/// Whether this user may write there.
pub(crate) fn check_write(db: &Connection, user: UserId, conversation: ConversationId) -> Result<(), StoreError> {
    match strictest(db, user, SanctionScope(Some(conversation)))? {
        Some(SanctionRow::Mute(until)) => Err(StoreError::Muted { until }),
        // Sessions end with a ban, but what they sent before it may come after it.
        Some(SanctionRow::Ban(until)) => Err(StoreError::Banned { until }),
        None => Ok(()),
    }
}

/// Whether this user may begin to write to somebody: what holds in one room alone does not count.
pub(crate) fn check_voice(db: &Connection, user: UserId) -> Result<(), StoreError> {
    match strictest(db, user, SanctionScope(None))? {
        Some(SanctionRow::Mute(until)) => Err(StoreError::Muted { until }),
        Some(SanctionRow::Ban(until)) => Err(StoreError::Banned { until }),
        None => Ok(()),
    }
}

/// The same as an answer.
pub(crate) fn may_write(db: &Connection, user: UserId, conversation: ConversationId) -> Result<bool, StoreError> {
    Ok(strictest(db, user, SanctionScope(Some(conversation)))?.is_none())
}

/// A sanction, and when it ends by itself.
enum SanctionRow {
    Ban(Option<Timestamp>),
    Mute(Option<Timestamp>),
}

/// What is in force there or in the whole house: a ban before a mute, the longest first.
fn strictest(db: &Connection, user: UserId, scope: SanctionScope) -> Result<Option<SanctionRow>, StoreError> {
    let found = db
        .prepare_cached(
            "SELECT kind = 'ban', until FROM sanctions WHERE user = ?1 AND scope IN (?2, x'')
                AND (until IS NULL OR until > ?3) ORDER BY kind, until DESC NULLS FIRST",
        )?
        .query_row(params![user, scope, clock::now()], |row| {
            let until = row.get(1)?;
            Ok(if row.get(0)? { SanctionRow::Ban(until) } else { SanctionRow::Mute(until) })
        })
        .optional()?;
    Ok(found)
}
