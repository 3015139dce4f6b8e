//! Users and their sessions.

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::{
    domain::{CurrentUser, Nickname, NicknameKey, SessionEnd, SessionInfo, User, UserId, UserKind},
    server::{
        rules::{Now, SessionKey},
        store::{
            accounts::{Account, Session},
            error::StoreError,
            sqlite::queries::rows::{USER_1, USER_COLUMNS, all_rows, user_from},
        },
    },
};

/// The user who holds this nickname.
pub(crate) fn account(db: &Connection, nickname: NicknameKey) -> Result<Option<Account>, StoreError> {
    let select = format!("SELECT {USER_COLUMNS}, u.password FROM users u WHERE u.nickname_key = ?1");
    let account = db
        .prepare_cached(&select)?
        .query_row([nickname], |row| Ok(Account { me: current_user(user_from(row, 0)?), password: row.get(4)? }))
        .optional()?;
    Ok(account)
}

fn current_user(User { id, nickname, registered, role }: User) -> CurrentUser {
    let kind = if registered { UserKind::Registered } else { UserKind::Guest };
    CurrentUser { id, nickname, kind, role }
}

/// The user with this id, even if the nickname has been released; not the server's own user.
pub(crate) fn user(db: &Connection, id: UserId) -> Result<Option<User>, StoreError> {
    Ok(any_user(db, id)?.filter(|user| user.id != UserId::SYSTEM))
}

/// The user with this id, or the server's own user.
pub(crate) fn any_user(db: &Connection, id: UserId) -> Result<Option<User>, StoreError> {
    let select = format!("SELECT {USER_COLUMNS} FROM users u WHERE u.id = ?1");
    Ok(db.prepare_cached(&select)?.query_row([id], |row| user_from(row, 0)).optional()?)
}

/// Whether the user has released the nickname or deleted the account.
pub(crate) fn is_gone(db: &Connection, user: UserId) -> Result<bool, StoreError> {
    Ok(!db.prepare_cached("SELECT 1 FROM users WHERE id = ?1 AND nickname_key IS NOT NULL")?.exists([user])?)
}

/// Users whose nickname contains `part`, ignoring case and look-alike characters. Nicknames that begin with it come first.
pub(crate) fn find_users(db: &Connection, part: String, limit: u32) -> Result<Vec<User>, StoreError> {
    let key =
        Nickname::parse_existing(&part).map_or_else(|_| part.to_lowercase(), |name| name.key().as_str().to_owned());
    let select = format!(
        "SELECT {USER_COLUMNS} FROM users u
          WHERE nickname_key IS NOT NULL AND (instr(lower(nickname), lower(?1)) > 0 OR instr(nickname_key, ?2) > 0)
          ORDER BY instr(nickname_key, ?2) <> 1, nickname_key LIMIT ?3"
    );
    all_rows(db, &select, params![part, key, limit], |row| user_from(row, 0))
}

/// All users who hold a nickname.
pub(crate) fn users(db: &Connection) -> Result<Vec<User>, StoreError> {
    let select = format!("SELECT {USER_COLUMNS} FROM users u WHERE nickname_key IS NOT NULL ORDER BY nickname_key");
    all_rows(db, &select, [], |row| user_from(row, 0))
}

/// Whether the server has an owner.
pub(crate) fn has_owner(db: &Connection) -> Result<bool, StoreError> {
    Ok(db.prepare_cached("SELECT 1 FROM users WHERE role = 'owner' AND id <> ?1")?.exists([UserId::SYSTEM])?)
}

/// How many guests with a nickname came without an invite.
pub(crate) fn uninvited_guests(db: &Connection) -> Result<u32, StoreError> {
    let count = "SELECT count(*) FROM users WHERE nickname_key IS NOT NULL AND password IS NULL AND NOT invited";
    Ok(db.prepare_cached(count)?.query_row([], |row| row.get(0))?)
}

/// Finds a session by the hash of its token.
pub(crate) fn session(db: &Connection, session: SessionKey) -> Result<Option<Session>, StoreError> {
    let select = format!(
        "SELECT {USER_COLUMNS}, s.id, s.created_at, s.seen_at, s.used
           FROM sessions s JOIN users u ON u.number = s.user WHERE s.token_hash = ?1"
    );
    let session = db
        .prepare_cached(&select)?
        .query_row([session], |row| {
            let (id, begun_at, seen_at, used) = (row.get(4)?, row.get(5)?, row.get(6)?, row.get(7)?);
            Ok(Session { id, me: current_user(user_from(row, 0)?), begun_at, seen_at, used })
        })
        .optional()?;
    Ok(session)
}

/// Why the session with this token ended; `None` if it has not ended, or the reason is no longer kept.
pub(crate) fn session_end(db: &Connection, session: SessionKey) -> Result<Option<SessionEnd>, StoreError> {
    let ended = db
        .prepare_cached(
            "SELECT u.id, u.password IS NOT NULL, e.reason FROM ended_sessions e JOIN users u ON u.number = e.user
              WHERE e.token_hash = ?1",
        )?
        .query_row([session], |row| Ok(SessionEnd { user: row.get(0)?, registered: row.get(1)?, reason: row.get(2)? }))
        .optional()?;
    Ok(ended)
}

/// The sessions of a user, the one that was used last first.
pub(crate) fn sessions(db: &Connection, user: UserId, now: Now) -> Result<Vec<SessionInfo>, StoreError> {
    let select =
        format!("SELECT id, created_at, seen_at, agent FROM sessions WHERE user = {USER_1} ORDER BY seen_at DESC, id");
    all_rows(db, &select, [user], |row| {
        let (id, agent) = (row.get(0)?, row.get(3)?);
        let [created_at, seen_at] = [row.get(1)?, row.get(2)?].map(|at| now.shown(at));
        Ok(SessionInfo { id, created_at, seen_at, agent, current: false })
    })
}
