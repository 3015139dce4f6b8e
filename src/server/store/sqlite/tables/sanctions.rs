//! The table `sanctions`: who is muted or banned, where, and until when.

use rusqlite::{Connection, OptionalExtension as _, ToSql, params, types::ToSqlOutput};

use crate::{
    domain::{ConversationId, Timestamp, UserId},
    server::{clock, store::error::StoreError},
};

/// Where a sanction holds: in one room, or, with `None`, on the whole server.
#[derive(Clone, Copy)]
pub(crate) struct SanctionScope(pub(crate) Option<ConversationId>);

impl SanctionScope {
    pub(crate) const SERVER: Self = Self(None);
}

impl ToSql for SanctionScope {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        match &self.0 {
            Some(room) => room.to_sql(),
            None => Ok(ToSqlOutput::from([].as_slice())),
        }
    }
}

/// Adds a sanction, or replaces the end of the one that is in force.
pub(crate) fn insert_sanction(
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

/// Deletes a user's sanction, and its copies on new guests who inherited it.
pub(crate) fn delete_sanction(
    db: &Connection,
    user: UserId,
    scope: SanctionScope,
    kind: &str,
) -> Result<(), StoreError> {
    db.prepare_cached("DELETE FROM sanctions WHERE (user = ?1 OR origin = ?1) AND scope = ?2 AND kind = ?3")?
        .execute(params![user, scope, kind])?;
    Ok(())
}

/// Checks that no ban keeps a user out of the room, or out of the server.
pub(crate) fn check_not_banned(db: &Connection, user: UserId, scope: SanctionScope) -> Result<(), StoreError> {
    match strictest(db, user, scope)? {
        Some(SanctionRow::Ban(until)) => Err(StoreError::Banned { until }),
        Some(SanctionRow::Mute(_)) | None => Ok(()),
    }
}

/// Checks that no mute or ban keeps a user from writing in the conversation, or, with [`SanctionScope::SERVER`], from
/// writing at all.
pub(crate) fn check_not_muted(db: &Connection, user: UserId, scope: SanctionScope) -> Result<(), StoreError> {
    match strictest(db, user, scope)? {
        Some(SanctionRow::Mute(until)) => Err(StoreError::Muted { until }),
        // A ban ends the user's sessions, but commands that were queued before it are still carried out after it.
        Some(SanctionRow::Ban(until)) => Err(StoreError::Banned { until }),
        None => Ok(()),
    }
}

/// Whether [`check_not_muted`] succeeds.
pub(crate) fn may_write(db: &Connection, user: UserId, conversation: ConversationId) -> Result<bool, StoreError> {
    Ok(strictest(db, user, SanctionScope(Some(conversation)))?.is_none())
}

/// A sanction, and when it ends by itself.
enum SanctionRow {
    Ban(Option<Timestamp>),
    Mute(Option<Timestamp>),
}

/// The strictest sanction in force in the scope or on the whole server: a ban before a mute, then the one that ends last.
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
