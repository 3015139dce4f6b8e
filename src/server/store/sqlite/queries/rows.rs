//! Reading values of the domain from the columns of a row.

use rusqlite::{Row, types::Type};
use serde::de::DeserializeOwned;

use crate::{
    domain::{CurrentUser, Timestamp, User, UserId, UserKind},
    server::clock,
};

/// Reads a [`CurrentUser`] from the first four columns: id, nickname, whether there is a password, role.
pub(super) fn current_user_from(row: &Row<'_>) -> rusqlite::Result<CurrentUser> {
    let kind = if row.get(2)? { UserKind::Registered } else { UserKind::Guest };
    Ok(CurrentUser { id: row.get(0)?, nickname: row.get(1)?, kind, role: row.get(3)? })
}

/// Reads a [`User`] from the four columns at `first`: id, nickname, whether there is a password, role.
pub(super) fn user_from(row: &Row<'_>, first: usize) -> rusqlite::Result<User> {
    let (id, nickname, registered) = (row.get(first)?, row.get(first + 1)?, row.get(first + 2)?);
    Ok(User { id, nickname, registered, role: row.get(first + 3)? })
}

/// Like [`user_from`], for an outer join: `None` if the id is null.
pub(super) fn optional_user_from(row: &Row<'_>, first: usize) -> rusqlite::Result<Option<User>> {
    let id: Option<UserId> = row.get(first)?;
    id.map(|_| user_from(row, first)).transpose()
}

/// Reads a column that holds JSON or null.
pub(super) fn json_from<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<T>> {
    let text: Option<String> = row.get(column)?;
    text.map(|text| serde_json::from_str(&text))
        .transpose()
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error)))
}

/// Reads a column that holds a time of the server's clock or null, and converts it to the time that users see.
pub(super) fn shown_time_from(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Timestamp>> {
    Ok(row.get::<_, Option<Timestamp>>(column)?.map(clock::shown))
}
