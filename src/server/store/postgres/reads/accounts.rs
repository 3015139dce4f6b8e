//! Users and their sessions.

use crate::{
    domain::{CurrentUser, Nickname, NicknameKey, SessionEnd, SessionInfo, User, UserId, UserKind},
    server::{
        rules::{Now, SessionKey},
        store::{
            accounts::{Account, Session},
            error::StoreError,
            postgres::{
                pool::Pool,
                reads::{
                    rows::{count_from, user_from},
                    sql::{user_columns, user_number},
                },
                statement::Statement,
            },
        },
    },
};

/// The user who holds this nickname.
pub(crate) async fn account(pool: &Pool, nickname: NicknameKey) -> Result<Option<Account>, StoreError> {
    let statement = Statement::new(concat!(
        "SELECT ",
        user_columns!("u"),
        ", u.password FROM users u WHERE u.nickname_key = $1::text"
    ));
    pool.optional(statement.bind(nickname), |row| {
        Ok(Account { me: current_user(user_from(row, 0)?), password: row.try_get(4)? })
    })
    .await
}

fn current_user(User { id, nickname, registered, role }: User) -> CurrentUser {
    let kind = if registered { UserKind::Registered } else { UserKind::Guest };
    CurrentUser { id, nickname, kind, role }
}

/// The user with this id, even if the nickname has been released; not the server's own user.
pub(crate) async fn user(pool: &Pool, id: UserId) -> Result<Option<User>, StoreError> {
    let statement =
        Statement::new(concat!("SELECT ", user_columns!("u"), " FROM users u WHERE u.id = $1::uuid AND u.number > 1"));
    pool.optional(statement.bind(id), |row| user_from(row, 0)).await
}

/// Whether the user has released the nickname or deleted the account.
pub(crate) async fn is_gone(pool: &Pool, user: UserId) -> Result<bool, StoreError> {
    let statement = Statement::new("SELECT 1 FROM users WHERE id = $1::uuid AND nickname_key IS NOT NULL");
    Ok(pool.optional(statement.bind(user), |_| Ok(())).await?.is_none())
}

/// Users whose nickname contains `part`, ignoring case and look-alike characters. Nicknames that begin with it come first.
pub(crate) async fn find_users(pool: &Pool, part: String, limit: u32) -> Result<Vec<User>, StoreError> {
    // PostgreSQL's texts have no such character, and no nickname has it.
    if part.contains('\0') {
        return Ok(Vec::new());
    }
    let key =
        Nickname::parse_existing(&part).map_or_else(|_| part.to_lowercase(), |name| name.key().as_str().to_owned());
    // Nicknames are compared byte by byte, whatever the language of the database.
    let statement = Statement::new(concat!(
        "SELECT ",
        user_columns!("u"),
        " FROM users u
          WHERE nickname_key IS NOT NULL
            AND (strpos(lower(nickname COLLATE \"C\"), $1::text COLLATE \"C\") > 0
                 OR strpos(nickname_key COLLATE \"C\", $2::text COLLATE \"C\") > 0)
          ORDER BY strpos(nickname_key COLLATE \"C\", $2::text COLLATE \"C\") <> 1, nickname_key COLLATE \"C\"
          LIMIT $3::bigint"
    ));
    let statement = statement.bind(part.to_ascii_lowercase()).bind(key).bind(i64::from(limit));
    pool.all(statement, |row| user_from(row, 0)).await
}

/// All users who hold a nickname.
pub(crate) async fn users(pool: &Pool) -> Result<Vec<User>, StoreError> {
    let statement = Statement::new(concat!(
        "SELECT ",
        user_columns!("u"),
        " FROM users u WHERE nickname_key IS NOT NULL ORDER BY nickname_key COLLATE \"C\""
    ));
    pool.all(statement, |row| user_from(row, 0)).await
}

/// Whether the server has an owner.
pub(crate) async fn has_owner(pool: &Pool) -> Result<bool, StoreError> {
    let statement = Statement::new("SELECT 1 FROM users WHERE role = 'owner' AND number > 1 LIMIT 1");
    Ok(pool.optional(statement, |_| Ok(())).await?.is_some())
}

/// How many guests with a nickname came without an invite.
pub(crate) async fn uninvited_guests(pool: &Pool) -> Result<u32, StoreError> {
    let statement = Statement::new(
        "SELECT count(*) FROM users WHERE nickname_key IS NOT NULL AND password IS NULL AND NOT invited",
    );
    Ok(pool.optional(statement, |row| count_from(row, 0)).await?.unwrap_or(0))
}

/// Finds a session by the hash of its token.
pub(crate) async fn session(pool: &Pool, session: SessionKey) -> Result<Option<Session>, StoreError> {
    let statement = Statement::new(concat!(
        "SELECT ",
        user_columns!("u"),
        ", s.id, s.created_at, s.seen_at, s.used
           FROM sessions s JOIN users u ON u.number = s.user_number WHERE s.token_hash = $1::bytea"
    ));
    pool.optional(statement.bind(session), |row| {
        let (id, begun_at, seen_at, used) = (row.try_get(4)?, row.try_get(5)?, row.try_get(6)?, row.try_get(7)?);
        Ok(Session { id, me: current_user(user_from(row, 0)?), begun_at, seen_at, used })
    })
    .await
}

/// Why the session with this token ended; `None` if it has not ended, or the reason is no longer kept.
pub(crate) async fn session_end(pool: &Pool, session: SessionKey) -> Result<Option<SessionEnd>, StoreError> {
    let statement = Statement::new(
        "SELECT u.id, u.password IS NOT NULL, e.reason FROM ended_sessions e JOIN users u ON u.number = e.user_number
          WHERE e.token_hash = $1::bytea",
    );
    pool.optional(statement.bind(session), |row| {
        Ok(SessionEnd { user: row.try_get(0)?, registered: row.try_get(1)?, reason: row.try_get(2)? })
    })
    .await
}

/// The sessions of a user, the one that was used last first.
pub(crate) async fn sessions(pool: &Pool, user: UserId, now: Now) -> Result<Vec<SessionInfo>, StoreError> {
    let statement = Statement::new(concat!(
        "SELECT id, created_at, seen_at, agent FROM sessions WHERE user_number = ",
        user_number!("$1"),
        " ORDER BY seen_at DESC, id"
    ));
    pool.all(statement.bind(user), |row| {
        let (id, agent) = (row.try_get(0)?, row.try_get(3)?);
        let (created_at, seen_at) = (now.shown(row.try_get(1)?), now.shown(row.try_get(2)?));
        Ok(SessionInfo { id, created_at, seen_at, agent, current: false })
    })
    .await
}
