//! Users and their sessions.

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::{
    domain::{Nickname, NicknameKey, SessionEnd, SessionInfo, User, UserId},
    server::{
        clock,
        store::{
            accounts::{Account, PasswordHash, Session, SessionKey},
            error::StoreError,
            sqlite::queries::rows::{current_user_from, user_from},
        },
    },
};

/// Finds a session by the hash of its token.
pub(crate) fn session(db: &Connection, session: SessionKey) -> Result<Option<Session>, StoreError> {
    let session = db
        .prepare_cached(
            "SELECT u.id, u.nickname, u.password IS NOT NULL, u.role, s.id, s.seen_at, s.created_at, s.used
               FROM users u JOIN sessions s ON s.user = u.id WHERE s.token_hash = ?1",
        )?
        .query_row([session], |row| {
            let (id, seen_at, begun_at, used) = (row.get(4)?, row.get(5)?, row.get(6)?, row.get(7)?);
            Ok(Session { me: current_user_from(row)?, id, seen_at, begun_at, used })
        })
        .optional()?;
    Ok(session)
}

/// Why the session with this token ended; `None` if it has not ended, or the reason is no longer kept.
pub(crate) fn session_end(db: &Connection, session: SessionKey) -> Result<Option<SessionEnd>, StoreError> {
    let ended = db
        .prepare_cached(
            "SELECT u.id, u.password IS NOT NULL, e.reason FROM ended_sessions e JOIN users u ON u.id = e.user
              WHERE e.token_hash = ?1",
        )?
        .query_row([session], |row| Ok(SessionEnd { user: row.get(0)?, registered: row.get(1)?, reason: row.get(2)? }))
        .optional()?;
    Ok(ended)
}

/// How many guests with a nickname came without an invite.
pub(crate) fn uninvited_guests(db: &Connection) -> Result<u32, StoreError> {
    let count = "SELECT count(*) FROM users WHERE nickname_key IS NOT NULL AND password IS NULL AND NOT invited";
    Ok(db.prepare_cached(count)?.query_row([], |row| row.get(0))?)
}

/// The sessions of a user, the one that was used last first.
pub(crate) fn sessions(db: &Connection, user: UserId) -> Result<Vec<SessionInfo>, StoreError> {
    let mut select = db.prepare_cached(
        "SELECT id, created_at, seen_at, agent FROM sessions WHERE user = ?1 ORDER BY seen_at DESC, id",
    )?;
    let sessions = select.query_map([user], |row| {
        let (id, agent) = (row.get(0)?, row.get(3)?);
        let [created_at, seen_at] = [row.get(1)?, row.get(2)?].map(clock::shown);
        Ok(SessionInfo { id, created_at, seen_at, agent, current: false })
    })?;
    Ok(sessions.collect::<Result<_, _>>()?)
}

/// The user who holds this nickname.
pub(crate) fn account(db: &Connection, nickname: &NicknameKey) -> Result<Option<Account>, StoreError> {
    let account = db
        .prepare_cached("SELECT id, nickname, password IS NOT NULL, role, password FROM users WHERE nickname_key = ?1")?
        .query_row([nickname], |row| {
            let password: Option<String> = row.get(4)?;
            Ok(Account { me: current_user_from(row)?, password: password.map(PasswordHash) })
        })
        .optional()?;
    Ok(account)
}

/// The user with this id, even if the nickname has been released.
pub(crate) fn user_of(db: &Connection, id: UserId) -> Result<Option<User>, StoreError> {
    let user = db
        .prepare_cached("SELECT id, nickname, password IS NOT NULL, role FROM users WHERE id = ?1")?
        .query_row([id], |row| user_from(row, 0))
        .optional()?;
    Ok(user)
}

/// Whether the user has released the nickname or deleted the account.
pub(crate) fn is_gone(db: &Connection, user: UserId) -> Result<bool, StoreError> {
    Ok(!db.prepare_cached("SELECT 1 FROM users WHERE id = ?1 AND nickname_key IS NOT NULL")?.exists([user])?)
}

/// All users who hold a nickname.
pub(crate) fn users(db: &Connection) -> Result<Vec<User>, StoreError> {
    let mut select = db.prepare_cached(
        "SELECT id, nickname, password IS NOT NULL, role FROM users WHERE nickname_key IS NOT NULL ORDER BY nickname_key",
    )?;
    let users = select.query_map([], |row| user_from(row, 0))?.collect::<Result<_, _>>()?;
    Ok(users)
}

/// Users whose nickname contains `part`, ignoring case and look-alike characters. Nicknames that begin with it come first.
pub(crate) fn find_users(db: &Connection, part: &str, limit: u32) -> Result<Vec<User>, StoreError> {
    let key =
        Nickname::parse_existing(part).map_or_else(|_| part.to_lowercase(), |name| name.key().as_str().to_owned());
    let mut select = db.prepare_cached(
        "SELECT id, nickname, password IS NOT NULL, role FROM users
          WHERE nickname_key IS NOT NULL AND (instr(lower(nickname), lower(?1)) > 0 OR instr(nickname_key, ?2) > 0)
          ORDER BY instr(nickname_key, ?2) <> 1, nickname_key LIMIT ?3",
    )?;
    let users = select.query_map(params![part, key, limit], |row| user_from(row, 0))?.collect::<Result<_, _>>()?;
    Ok(users)
}
