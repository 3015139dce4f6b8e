//! Passwords, and sessions that begin and end.

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::domain::{Millis, SessionId, UserId};

use super::{
    super::{
        super::{EndedSession, NewSession, PasswordHash, SessionKey, StoreError},
        writer::{Applied, Write},
    },
    guest::release,
};

/// Which session ends.
pub(in super::super) enum EndSession {
    /// The one of this token.
    OfToken(SessionKey),
    /// One of this user's, by its name.
    OfUser(UserId, SessionId),
}

impl Write for EndSession {
    type Done = Option<EndedSession>;

    fn apply(&self, db: &Connection) -> Result<Applied<Option<EndedSession>>, StoreError> {
        let ended = |row: &rusqlite::Row<'_>| Ok(EndedSession { user: row.get(0)?, session: row.get(1)? });
        let ended = match self {
            Self::OfToken(key) => db
                .prepare_cached("DELETE FROM sessions WHERE token_hash = ?1 RETURNING user, id")?
                .query_row([key], ended),
            Self::OfUser(user, session) => db
                .prepare_cached("DELETE FROM sessions WHERE user = ?1 AND id = ?2 RETURNING user, id")?
                .query_row(params![user, session], ended),
        }
        .optional()?;
        if let Some(EndedSession { user, .. }) = ended {
            release_if_forgotten(db, user)?;
        }
        Ok(Applied { done: ended, news: None })
    }
}

/// A guest's last session takes the guest's claim to the nickname along.
fn release_if_forgotten(db: &Connection, user: UserId) -> Result<(), StoreError> {
    let is_remembered = db
        .prepare_cached(
            "SELECT 1 FROM users WHERE id = ?1
                AND (password IS NOT NULL OR EXISTS (SELECT 1 FROM sessions WHERE user = ?1))",
        )?
        .exists([user])?;
    if is_remembered { Ok(()) } else { release(db, user) }
}

/// A user who showed the password comes in again.
pub(in super::super) struct BeginSession {
    pub(in super::super) user: UserId,
    pub(in super::super) session: NewSession,
}

impl Write for BeginSession {
    type Done = ();

    fn apply(&self, db: &Connection) -> Result<Applied<()>, StoreError> {
        insert_session(db, self.user, &self.session)?;
        Ok(Applied { done: (), news: None })
    }
}

pub(super) fn insert_session(db: &Connection, user: UserId, session: &NewSession) -> Result<(), StoreError> {
    db.prepare_cached(
        "INSERT INTO sessions (token_hash, user, created_at, id, seen_at, agent) VALUES (?1, ?2, ?3, ?4, ?3, ?5)",
    )?
    .execute(params![session.key, user, Millis::now(), session.id, session.agent])?;
    Ok(())
}

/// A user gets a password, or another one; all sessions but one end.
pub(in super::super) struct SetPassword {
    pub(in super::super) user: UserId,
    pub(in super::super) password: PasswordHash,
    /// The session in which it is set.
    pub(in super::super) keep: SessionId,
}

impl Write for SetPassword {
    type Done = Vec<SessionId>;

    fn apply(&self, db: &Connection) -> Result<Applied<Vec<SessionId>>, StoreError> {
        let set = db
            .prepare_cached("UPDATE users SET password = ?2 WHERE id = ?1 AND nickname_key IS NOT NULL")?
            .execute(params![self.user, self.password.0])?;
        if set == 0 {
            return Err(StoreError::UnknownUser);
        }
        let ended = db
            .prepare_cached("DELETE FROM sessions WHERE user = ?1 AND id <> ?2 RETURNING id")?
            .query_map(params![self.user, self.keep], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        Ok(Applied { done: ended, news: None })
    }
}

/// A session was used.
pub(in super::super) struct SeeSession(pub(in super::super) SessionId);

impl Write for SeeSession {
    type Done = ();

    fn apply(&self, db: &Connection) -> Result<Applied<()>, StoreError> {
        db.prepare_cached("UPDATE sessions SET seen_at = ?2 WHERE id = ?1")?.execute(params![self.0, Millis::now()])?;
        Ok(Applied { done: (), news: None })
    }
}

/// Guests whose sessions were not used for long give their nicknames back.
pub(in super::super) struct ExpireGuests {
    /// Not seen since then.
    pub(in super::super) before: Millis,
    /// Those who are here stay, however long they have been.
    pub(in super::super) except: Vec<UserId>,
}

impl Write for ExpireGuests {
    type Done = Vec<UserId>;

    fn apply(&self, db: &Connection) -> Result<Applied<Vec<UserId>>, StoreError> {
        let mut expired: Vec<UserId> = db
            .prepare_cached(
                "SELECT id FROM users WHERE nickname_key IS NOT NULL AND password IS NULL
                    AND EXISTS (SELECT 1 FROM sessions WHERE user = users.id)
                    AND NOT EXISTS (SELECT 1 FROM sessions WHERE user = users.id AND seen_at >= ?1)",
            )?
            .query_map([self.before], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        expired.retain(|user| !self.except.contains(user));
        for user in &expired {
            db.prepare_cached("DELETE FROM sessions WHERE user = ?1")?.execute([user])?;
            release(db, *user)?;
        }
        Ok(Applied { done: expired, news: None })
    }
}
