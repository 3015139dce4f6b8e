//! Passwords, and sessions that begin and end.

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::{
    domain::{Action, EndReason, Role, SessionId, UserId},
    server::{
        clock,
        store::{
            EndedSession, NewPassword, NewSession, OwnerGrant, PasswordHash, SessionKey,
            error::StoreError,
            sqlite::{
                commands::{
                    create_user::release,
                    departures::Departure,
                    end_sessions::{Which, end_sessions, end_sessions_of},
                    moderation::role_of,
                },
                queries::accounts::has_owner,
                tables::{
                    audit::AuditRow,
                    sanctions::{SanctionScope, check_entry},
                },
                writer::job::{Applied, Write},
            },
        },
    },
};

/// Which session ends.
pub(crate) enum EndSession {
    /// The one of this token.
    OfToken(SessionKey),
    /// One of this user's, by its name.
    OfUser(UserId, SessionId),
}

impl Write for EndSession {
    type Done = Option<EndedSession>;

    fn apply(&self, db: &Connection) -> Result<Applied<Option<EndedSession>>, StoreError> {
        let ended = match self {
            // Whoever shows the token knows.
            Self::OfToken(key) => db
                .prepare_cached("DELETE FROM sessions WHERE token_hash = ?1 RETURNING user, id")?
                .query_row([key], |row| Ok(EndedSession { user: row.get(0)?, session: row.get(1)? }))
                .optional()?,
            Self::OfUser(user, session) => {
                let ended = end_sessions(db, Which::One(*user, *session), EndReason::SignedOut)?;
                ended.into_iter().next()
            }
        };
        let news = match ended {
            Some(EndedSession { user, .. }) => release_if_forgotten(db, user)?.into_news(),
            None => None,
        };
        Ok(Applied { done: ended, news })
    }

    /// The hash of its token, and the program that it was of.
    fn erases(&self) -> bool {
        true
    }
}

/// A guest's last session takes the guest's claim to the nickname along.
fn release_if_forgotten(db: &Connection, user: UserId) -> Result<Departure, StoreError> {
    let is_remembered = db
        .prepare_cached(
            "SELECT 1 FROM users WHERE id = ?1
                AND (password IS NOT NULL OR EXISTS (SELECT 1 FROM sessions WHERE user = ?1))",
        )?
        .exists([user])?;
    if is_remembered { Ok(Departure::default()) } else { release(db, user) }
}

/// A user who showed the password comes in again.
pub(crate) struct BeginSession {
    pub(crate) user: UserId,
    /// What the password was compared with; that took a while.
    pub(crate) verified: PasswordHash,
    pub(crate) session: NewSession,
}

impl Write for BeginSession {
    type Done = ();

    fn apply(&self, db: &Connection) -> Result<Applied<()>, StoreError> {
        let same = "SELECT 1 FROM users WHERE id = ?1 AND password = ?2";
        if !db.prepare_cached(same)?.exists(params![self.user, self.verified.0])? {
            return Err(StoreError::WrongPassword);
        }
        check_entry(db, self.user, SanctionScope(None))?;
        insert_session(db, self.user, &self.session)?;
        Ok(Applied { done: (), news: None })
    }
}

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

/// A user gets a password, or another one; all sessions but one end.
pub(crate) struct SetPassword {
    pub(crate) user: UserId,
    pub(crate) password: NewPassword,
    /// The session in which it is set; `None`: it is set on the host.
    pub(crate) keep: Option<SessionId>,
}

impl Write for SetPassword {
    type Done = Vec<SessionId>;

    fn apply(&self, db: &Connection) -> Result<Applied<Vec<SessionId>>, StoreError> {
        let Self { user, password, keep } = self;
        let is_there = db
            .prepare_cached(
                "SELECT 1 FROM users WHERE id = ?1 AND nickname_key IS NOT NULL
                    AND (?2 IS NULL OR EXISTS (SELECT 1 FROM sessions WHERE user = ?1 AND id = ?2))",
            )?
            .exists(params![user, keep])?;
        if !is_there {
            return Err(StoreError::UnknownUser);
        }
        set_password(db, *user, password)?;
        // Who has just shown a password has signed in anew.
        db.prepare_cached("UPDATE sessions SET created_at = ?2 WHERE id IS ?1")?
            .execute(params![keep, clock::now()])?;
        if keep.is_none() {
            AuditRow { action: "reset_password", subject: Some(*user), ..AuditRow::default() }.write(db)?;
        }
        let ended = end_sessions(db, Which::AllBut(*user, *keep), EndReason::PasswordChanged)?;
        Ok(Applied { done: ended.into_iter().map(|ended| ended.session).collect(), news: None })
    }

    /// The hash of the one before, and the sessions that end.
    fn erases(&self) -> bool {
        true
    }
}

/// The same password gets another hash.
pub(crate) struct RenewPassword {
    pub(crate) user: UserId,
    /// What it was compared with.
    pub(crate) before: PasswordHash,
    pub(crate) after: PasswordHash,
}

impl Write for RenewPassword {
    type Done = bool;

    fn apply(&self, db: &Connection) -> Result<Applied<bool>, StoreError> {
        let renewed = db
            .prepare_cached("UPDATE users SET password = ?3 WHERE id = ?1 AND password = ?2")?
            .execute(params![self.user, self.before.0, self.after.0])?;
        Ok(Applied { done: renewed > 0, news: None })
    }

    /// The hash of before.
    fn erases(&self) -> bool {
        true
    }
}

/// Sets it, and gives the user the server if that is to be. Gives the user's role.
pub(crate) fn set_password(db: &Connection, user: UserId, new: &NewPassword) -> Result<Role, StoreError> {
    let owns = match new.ownership {
        OwnerGrant::Claimed if has_owner(db)? => return Err(StoreError::Owned),
        OwnerGrant::Claimed | OwnerGrant::Always => true,
        OwnerGrant::Never => false,
    };
    db.prepare_cached("UPDATE users SET password = ?2, address = NULL WHERE id = ?1")?
        .execute(params![user, new.hash.0])?;
    if owns {
        appoint(db, user, Role::Owner)?;
    }
    role_of(db, user)
}

/// Gives a user a role, on behalf of the house.
fn appoint(db: &Connection, user: UserId, role: Role) -> Result<(), StoreError> {
    db.prepare_cached("UPDATE users SET role = ?2 WHERE id = ?1")?.execute(params![user, role.name()])?;
    let (subject, detail) = (Some(user), Some(role.name().to_owned()));
    AuditRow { action: Action::Appoint.name(), subject, detail, ..AuditRow::default() }.write(db)
}

/// All sessions of a user end, by order of the host.
pub(crate) struct EndSessions(pub(crate) UserId);

impl Write for EndSessions {
    type Done = Vec<SessionId>;

    fn apply(&self, db: &Connection) -> Result<Applied<Vec<SessionId>>, StoreError> {
        let ended = end_sessions_of(db, self.0, EndReason::SignedOut)?;
        let done = ended.into_iter().map(|ended| ended.session).collect();
        let news = release_if_forgotten(db, self.0)?.into_news();
        AuditRow { action: "end_sessions", subject: Some(self.0), ..AuditRow::default() }.write(db)?;
        Ok(Applied { done, news })
    }

    /// The hashes of their tokens, and the programs that they were of.
    fn erases(&self) -> bool {
        true
    }
}

/// A session was used.
pub(crate) struct SeeSession(pub(crate) SessionId);

impl Write for SeeSession {
    type Done = ();

    fn apply(&self, db: &Connection) -> Result<Applied<()>, StoreError> {
        db.prepare_cached("UPDATE sessions SET seen_at = ?2, used = 1 WHERE id = ?1")?
            .execute(params![self.0, clock::now()])?;
        Ok(Applied { done: (), news: None })
    }
}
