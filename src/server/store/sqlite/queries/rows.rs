//! Reading values of the domain from the columns of a row.

use rusqlite::{Row, types::Type};
use serde::de::DeserializeOwned;

use crate::{
    domain::{CurrentUser, Timestamp, User, UserId, UserKind},
    server::clock,
};

/// From id, nickname, whether there is a password, and the role.
pub(super) fn me(row: &Row<'_>) -> rusqlite::Result<CurrentUser> {
    let kind = if row.get(2)? { UserKind::Registered } else { UserKind::Guest };
    Ok(CurrentUser { id: row.get(0)?, nickname: row.get(1)?, kind, role: row.get(3)? })
}

/// From id, nickname, whether there is a password, and the role, from column `first` on.
pub(super) fn user(row: &Row<'_>, first: usize) -> rusqlite::Result<User> {
    let (id, nickname, registered) = (row.get(first)?, row.get(first + 1)?, row.get(first + 2)?);
    Ok(User { id, nickname, registered, role: row.get(first + 3)? })
}

/// From a column that holds JSON or nothing.
pub(super) fn json<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<T>> {
    let text: Option<String> = row.get(column)?;
    text.map(|text| serde_json::from_str(&text))
        .transpose()
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error)))
}

/// From a column that holds a time of the server's clock, or nothing: as people are told.
pub(super) fn shown(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Timestamp>> {
    Ok(row.get::<_, Option<Timestamp>>(column)?.map(clock::shown))
}

/// What a look-up found, if it found somebody.
pub(super) fn user_or_none(row: &Row<'_>, first: usize) -> rusqlite::Result<Option<User>> {
    let id: Option<UserId> = row.get(first)?;
    id.map(|_| user(row, first)).transpose()
}
