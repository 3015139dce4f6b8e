//! Users and their sessions.

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::{
    domain::{Nickname, NicknameKey, SessionEnd, SessionInfo, User, UserId},
    server::{
        clock,
        store::{
            accounts::{Account, PasswordHash, Session, SessionKey},
            error::StoreError,
            sqlite::queries::rows::{me, user},
        },
    },
};

pub(crate) fn session(db: &Connection, session: SessionKey) -> Result<Option<Session>, StoreError> {
    let session = db
        .prepare_cached(
            "SELECT u.id, u.nickname, u.password IS NOT NULL, u.role, s.id, s.seen_at, s.created_at, s.used
               FROM users u JOIN sessions s ON s.user = u.id WHERE s.token_hash = ?1",
        )?
        .query_row([session], |row| {
            let (id, seen_at, begun_at, used) = (row.get(4)?, row.get(5)?, row.get(6)?, row.get(7)?);
            Ok(Session { me: me(row)?, id, seen_at, begun_at, used })
        })
        .optional()?;
    Ok(session)
}

/// Why a session is over.
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

/// How many guests have a nickname who did not come by an invite.
pub(crate) fn uninvited_guests(db: &Connection) -> Result<u32, StoreError> {
    let count = "SELECT count(*) FROM users WHERE nickname_key IS NOT NULL AND password IS NULL AND NOT invited";
    Ok(db.prepare_cached(count)?.query_row([], |row| row.get(0))?)
}

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

pub(crate) fn account(db: &Connection, nickname: &NicknameKey) -> Result<Option<Account>, StoreError> {
    let account = db
        .prepare_cached("SELECT id, nickname, password IS NOT NULL, role, password FROM users WHERE nickname_key = ?1")?
        .query_row([nickname], |row| {
            let password: Option<String> = row.get(4)?;
            Ok(Account { me: me(row)?, password: password.map(PasswordHash) })
        })
        .optional()?;
    Ok(account)
}

/// A user, also one who gave the name back.
pub(crate) fn user_of(db: &Connection, id: UserId) -> Result<Option<User>, StoreError> {
    let user = db
        .prepare_cached("SELECT id, nickname, password IS NOT NULL, role FROM users WHERE id = ?1")?
        .query_row([id], |row| user(row, 0))
        .optional()?;
    Ok(user)
}

/// Whether nobody is that user any more.
pub(crate) fn is_gone(db: &Connection, user: UserId) -> Result<bool, StoreError> {
    Ok(!db.prepare_cached("SELECT 1 FROM users WHERE id = ?1 AND nickname_key IS NOT NULL")?.exists([user])?)
}

/// Users with a role or a password, and guests who are not gone.
pub(crate) fn users(db: &Connection) -> Result<Vec<User>, StoreError> {
    let mut select = db.prepare_cached(
        "SELECT id, nickname, password IS NOT NULL, role FROM users WHERE nickname_key IS NOT NULL ORDER BY nickname_key",
    )?;
    let users = select.query_map([], |row| user(row, 0))?.collect::<Result<_, _>>()?;
    Ok(users)
}

/// Those whose name holds `part` as it is typed, in any case, or by its looks; those whose name begins with it first.
pub(crate) fn find_users(db: &Connection, part: &str, limit: u32) -> Result<Vec<User>, StoreError> {
    let looks =
        Nickname::parse_existing(part).map_or_else(|_| part.to_lowercase(), |name| name.key().as_str().to_owned());
    let mut select = db.prepare_cached(
        "SELECT id, nickname, password IS NOT NULL, role FROM users
          WHERE nickname_key IS NOT NULL AND (instr(lower(nickname), lower(?1)) > 0 OR instr(nickname_key, ?2) > 0)
          ORDER BY instr(nickname_key, ?2) <> 1, nickname_key LIMIT ?3",
    )?;
    let users = select.query_map(params![part, looks, limit], |row| user(row, 0))?.collect::<Result<_, _>>()?;
    Ok(users)
}
