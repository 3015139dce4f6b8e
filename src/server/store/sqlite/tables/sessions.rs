//! The tables `sessions` and `ended_sessions`. The second keeps why a session ended, so that its browser can be told when
//! it comes back.

use rusqlite::{Connection, OptionalExtension as _, ToSql, params};

use crate::{
    domain::{EndReason, SessionId, Timestamp, UserId},
    server::{
        clock,
        store::{
            accounts::{EndedSession, NewSession, SessionKey},
            error::StoreError,
        },
    },
};

pub(crate) fn insert_session(db: &Connection, user: UserId, session: &NewSession) -> Result<(), StoreError> {
    db.prepare_cached(
        "INSERT INTO sessions (token_hash, user, created_at, id, seen_at, agent, used, address)
         VALUES (?1, ?2, ?3, ?4, ?3, ?5, ?6, ?7)",
    )?
    .execute(params![
        session.key,
        user,
        clock::now(),
        session.id,
        session.agent,
        session.used,
        session.address.map(|address| address.to_string())
    ])?;
    Ok(())
}

/// Saves that a session is in use now.
pub(crate) fn touch_session(db: &Connection, session: SessionId) -> Result<(), StoreError> {
    db.prepare_cached("UPDATE sessions SET seen_at = ?2, used = 1 WHERE id = ?1")?
        .execute(params![session, clock::now()])?;
    Ok(())
}

/// Which sessions to end.
#[derive(Clone, Copy)]
pub(crate) enum SessionFilter {
    /// One session of a user.
    One(UserId, SessionId),
    /// All sessions of a user, except this one.
    AllExcept(UserId, Option<SessionId>),
    /// Sessions of registered users that have grown too old.
    Registered {
        /// Those in which the password was last shown before this time.
        begun_before: Timestamp,
        /// Those last used before this time.
        seen_before: Timestamp,
    },
}

/// Deletes sessions and saves the reason.
pub(crate) fn end_sessions(
    db: &Connection,
    filter: SessionFilter,
    reason: EndReason,
) -> Result<Vec<EndedSession>, StoreError> {
    let (delete, values): (&str, [&dyn ToSql; 2]) = match &filter {
        SessionFilter::One(user, session) => {
            ("DELETE FROM sessions WHERE user = ?1 AND id = ?2 RETURNING token_hash, user, id", [user, session])
        }
        SessionFilter::AllExcept(user, keep) => {
            ("DELETE FROM sessions WHERE user = ?1 AND id IS NOT ?2 RETURNING token_hash, user, id", [user, keep])
        }
        SessionFilter::Registered { begun_before, seen_before } => (
            "DELETE FROM sessions WHERE (created_at < ?1 OR seen_at < ?2)
                AND EXISTS (SELECT 1 FROM users WHERE id = sessions.user AND password IS NOT NULL)
             RETURNING token_hash, user, id",
            [begun_before, seen_before],
        ),
    };
    let ended: Vec<(SessionKey, EndedSession)> = db
        .prepare_cached(delete)?
        .query_map(&values[..], |row| {
            let key: [u8; 32] = row.get(0)?;
            Ok((SessionKey(key), EndedSession { user: row.get(1)?, session: row.get(2)? }))
        })?
        .collect::<Result<_, _>>()?;
    let mut insert = db.prepare_cached(
        "INSERT OR REPLACE INTO ended_sessions (token_hash, user, reason, at) VALUES (?1, ?2, ?3, ?4)",
    )?;
    for (key, session) in &ended {
        insert.execute(params![key, session.user, reason.name(), clock::now()])?;
    }
    Ok(ended.into_iter().map(|(_, session)| session).collect())
}

/// Deletes all sessions of a user and saves the reason.
pub(crate) fn end_all_sessions(
    db: &Connection,
    user: UserId,
    reason: EndReason,
) -> Result<Vec<EndedSession>, StoreError> {
    end_sessions(db, SessionFilter::AllExcept(user, None), reason)
}

/// Deletes the session with this token, without saving a reason: its browser ends it, and so knows.
pub(crate) fn delete_session_by_key(db: &Connection, key: SessionKey) -> Result<Option<EndedSession>, StoreError> {
    let ended = db
        .prepare_cached("DELETE FROM sessions WHERE token_hash = ?1 RETURNING user, id")?
        .query_row([key], |row| Ok(EndedSession { user: row.get(0)?, session: row.get(1)? }))
        .optional()?;
    Ok(ended)
}

/// Deletes the reasons of sessions that ended before this time.
pub(crate) fn delete_end_reasons(db: &Connection, before: Timestamp) -> Result<(), StoreError> {
    db.prepare_cached("DELETE FROM ended_sessions WHERE at < ?1")?.execute([before])?;
    Ok(())
}
