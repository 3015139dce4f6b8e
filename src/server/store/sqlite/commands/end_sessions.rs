//! Sessions end, and it is kept why.

use rusqlite::{Connection, ToSql, params};

use crate::{
    domain::{EndReason, SessionId, Timestamp, UserId},
    server::{
        clock,
        store::{
            EndedSession, SessionKey,
            error::StoreError,
            sqlite::{
                commands::{create_user::release, departures::Departure},
                tables::audit::AuditRow,
                writer::job::{Applied, Write},
            },
        },
    },
};

/// Which sessions end.
#[derive(Clone, Copy)]
pub(crate) enum Which {
    /// One of a user's, by its name.
    One(UserId, SessionId),
    /// All of a user's but this one.
    AllBut(UserId, Option<SessionId>),
    /// Those of registered users that began before the first time, or were used last before the second.
    Before(Timestamp, Timestamp),
}

/// Ends sessions, and keeps why.
pub(crate) fn end_sessions(db: &Connection, which: Which, reason: EndReason) -> Result<Vec<EndedSession>, StoreError> {
    let (delete, values): (&str, [&dyn ToSql; 2]) = match &which {
        Which::One(user, session) => {
            ("DELETE FROM sessions WHERE user = ?1 AND id = ?2 RETURNING token_hash, user, id", [user, session])
        }
        Which::AllBut(user, keep) => {
            ("DELETE FROM sessions WHERE user = ?1 AND id IS NOT ?2 RETURNING token_hash, user, id", [user, keep])
        }
        Which::Before(began, seen) => (
            "DELETE FROM sessions WHERE (created_at < ?1 OR seen_at < ?2)
                AND EXISTS (SELECT 1 FROM users WHERE id = sessions.user AND password IS NOT NULL)
             RETURNING token_hash, user, id",
            [began, seen],
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

/// All sessions of a user end.
pub(crate) fn end_sessions_of(
    db: &Connection,
    user: UserId,
    reason: EndReason,
) -> Result<Vec<EndedSession>, StoreError> {
    end_sessions(db, Which::AllBut(user, None), reason)
}

/// No browser that was there before then comes back any more.
pub(crate) fn forget_ends(db: &Connection, before: Timestamp) -> Result<(), StoreError> {
    db.prepare_cached("DELETE FROM ended_sessions WHERE at < ?1")?.execute([before])?;
    Ok(())
}

/// All guests give their nicknames back, and their sessions end. Gives who they were.
pub(crate) struct EndGuests;

impl Write for EndGuests {
    type Done = Vec<UserId>;

    fn apply(&self, db: &Connection) -> Result<Applied<Vec<UserId>>, StoreError> {
        let guests: Vec<UserId> = db
            .prepare_cached("SELECT id FROM users WHERE nickname_key IS NOT NULL AND password IS NULL")?
            .query_map([], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        let mut farewell = Departure::default();
        for guest in &guests {
            end_sessions_of(db, *guest, EndReason::GuestsEnded)?;
            farewell.add(release(db, *guest)?);
        }
        if !guests.is_empty() {
            let detail = Some(guests.len().to_string());
            AuditRow { action: "end_guests", detail, ..AuditRow::default() }.write(db)?;
        }
        Ok(Applied { done: guests, news: farewell.into_news() })
    }

    /// The addresses where sessions began, and the programs that they were of.
    fn erases(&self) -> bool {
        true
    }
}
