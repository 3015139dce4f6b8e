//! Passwords, and sessions that begin and end.

use rusqlite::{Connection, params};

use crate::{
    domain::{EndReason, SessionId, UserId},
    server::{
        clock,
        store::{
            accounts::{EndedSession, NewPassword, NewSession, PasswordHash, SessionKey, SessionsEnded},
            commits::Committed,
            error::StoreError,
            sqlite::{
                commands::departures::release_nickname_without_session,
                tables::{
                    audit::AuditRow,
                    sanctions::{SanctionScope, check_not_banned},
                    sessions::{
                        self, SessionFilter, delete_session_by_key, end_all_sessions, end_sessions, insert_session,
                    },
                    users,
                },
                writer::job::{Applied, Write},
            },
        },
    },
};

/// Ends one session. Returns its user, or `None` if there was no such session.
pub(crate) enum EndSession {
    /// The session with this token: its own browser signs out.
    ByKey(SessionKey),
    /// The user's session with this id, ended from another one.
    ById(UserId, SessionId),
}

impl Write for EndSession {
    type Output = Option<SessionsEnded<UserId>>;

    fn apply(&self, db: &Connection) -> Result<Applied<Option<SessionsEnded<UserId>>>, StoreError> {
        let ended = match self {
            Self::ByKey(key) => delete_session_by_key(db, *key)?,
            Self::ById(user, session) => {
                let ended = end_sessions(db, SessionFilter::One(*user, *session), EndReason::SignedOut)?;
                ended.into_iter().next()
            }
        };
        let Some(EndedSession { user, session }) = ended else { return Ok(Applied { output: None, change: None }) };
        let ended = Committed::SessionEnded { user, session: Some(session), reason: EndReason::SignedOut };
        let (news, closed) = release_nickname_without_session(db, user)?.delivered_after(vec![ended]);
        Ok(Applied { output: Some(SessionsEnded { result: user, closed }), change: Some(news) })
    }

    /// The hash of the token and the user agent are deleted.
    fn erases(&self) -> bool {
        true
    }
}

/// Begins a session of a registered user who has signed in with the password.
pub(crate) struct BeginSession {
    pub(crate) user: UserId,
    /// The hash that the password was compared with. Comparing takes a while, and the password may have changed since.
    pub(crate) verified: PasswordHash,
    pub(crate) session: NewSession,
}

impl Write for BeginSession {
    type Output = ();

    fn apply(&self, db: &Connection) -> Result<Applied<()>, StoreError> {
        let is_current = "SELECT 1 FROM users WHERE id = ?1 AND password = ?2";
        if !db.prepare_cached(is_current)?.exists(params![self.user, self.verified.0])? {
            return Err(StoreError::WrongPassword);
        }
        check_not_banned(db, self.user, SanctionScope::SERVER)?;
        insert_session(db, self.user, &self.session)?;
        Ok(Applied { output: (), change: None })
    }
}

/// Sets a user's password, the first one or another one, and ends all sessions except one. Returns how many have ended.
pub(crate) struct SetPassword {
    pub(crate) user: UserId,
    pub(crate) password: NewPassword,
    /// The session in which the user sets it, which stays. `None`: the operator sets it.
    pub(crate) keep: Option<SessionId>,
}

impl Write for SetPassword {
    type Output = SessionsEnded<usize>;

    fn apply(&self, db: &Connection) -> Result<Applied<SessionsEnded<usize>>, StoreError> {
        let Self { user, password, keep } = self;
        let user_exists = db
            .prepare_cached(
                "SELECT 1 FROM users WHERE id = ?1 AND nickname_key IS NOT NULL
                    AND (?2 IS NULL OR EXISTS (SELECT 1 FROM sessions WHERE user = ?1 AND id = ?2))",
            )?
            .exists(params![user, keep])?;
        if !user_exists {
            return Err(StoreError::UnknownUser);
        }
        let was_guest = !is_registered(db, *user)?;
        users::set_password(db, *user, password)?;
        // Setting a password counts as signing in again, so the age of the session starts anew.
        db.prepare_cached("UPDATE sessions SET created_at = ?2 WHERE id IS ?1")?
            .execute(params![keep, clock::now()])?;
        if keep.is_none() {
            AuditRow { action: "reset_password", subject: Some(*user), ..AuditRow::default() }.insert(db)?;
        }
        let ended = end_sessions(db, SessionFilter::AllExcept(*user, *keep), EndReason::PasswordChanged)?;
        let result = ended.len();
        let mut changes: Vec<_> =
            ended.into_iter().map(|ended| session_ended(ended, EndReason::PasswordChanged)).collect();
        if was_guest {
            changes.push(Committed::ProfileChanged(*user));
        }
        let (news, closed) = Committed::with_delivery(changes);
        Ok(Applied { output: SessionsEnded { result, closed }, change: Some(news) })
    }

    /// The hash of the former password and the sessions that end are deleted.
    fn erases(&self) -> bool {
        true
    }
}

/// Replaces the hash of a password by another hash of the same password. Returns whether `before` was still current.
pub(crate) struct ReplacePasswordHash {
    pub(crate) user: UserId,
    pub(crate) before: PasswordHash,
    pub(crate) after: PasswordHash,
}

impl Write for ReplacePasswordHash {
    type Output = bool;

    fn apply(&self, db: &Connection) -> Result<Applied<bool>, StoreError> {
        let replaced = db
            .prepare_cached("UPDATE users SET password = ?3 WHERE id = ?1 AND password = ?2")?
            .execute(params![self.user, self.before.0, self.after.0])?;
        Ok(Applied { output: replaced > 0, change: None })
    }

    /// The former hash is deleted.
    fn erases(&self) -> bool {
        true
    }
}

/// The operator ends all sessions of a user. Returns how many have ended.
pub(crate) struct EndSessions(pub(crate) UserId);

impl Write for EndSessions {
    type Output = SessionsEnded<usize>;

    fn apply(&self, db: &Connection) -> Result<Applied<SessionsEnded<usize>>, StoreError> {
        let ended = end_all_sessions(db, self.0, EndReason::SignedOut)?;
        let result = ended.len();
        let changes = if is_registered(db, self.0)? {
            ended.into_iter().map(|ended| session_ended(ended, EndReason::SignedOut)).collect()
        } else {
            // A guest of the simple protocol has the nickname without a session.
            vec![Committed::SessionEnded { user: self.0, session: None, reason: EndReason::SignedOut }]
        };
        let (news, closed) = release_nickname_without_session(db, self.0)?.delivered_after(changes);
        AuditRow { action: "end_sessions", subject: Some(self.0), ..AuditRow::default() }.insert(db)?;
        Ok(Applied { output: SessionsEnded { result, closed }, change: Some(news) })
    }

    /// The hashes of the tokens and the user agents are deleted.
    fn erases(&self) -> bool {
        true
    }
}

fn session_ended(EndedSession { user, session }: EndedSession, reason: EndReason) -> Committed {
    Committed::SessionEnded { user, session: Some(session), reason }
}

fn is_registered(db: &Connection, user: UserId) -> Result<bool, StoreError> {
    Ok(db.prepare_cached("SELECT 1 FROM users WHERE id = ?1 AND password IS NOT NULL")?.exists([user])?)
}

/// Saves that a session is in use now.
pub(crate) struct TouchSession(pub(crate) SessionId);

impl Write for TouchSession {
    type Output = ();

    fn apply(&self, db: &Connection) -> Result<Applied<()>, StoreError> {
        sessions::touch_session(db, self.0)?;
        Ok(Applied { output: (), change: None })
    }
}
