//! Reading values of the domain from the columns of a row.

use serde::de::DeserializeOwned;
use tokio_postgres::{Error, Row, types::Json};

use crate::domain::{User, UserId};

/// Reads a [`User`] from the four columns at `first`: id, nickname, whether there is a password, role.
pub(super) fn user_from(row: &Row, first: usize) -> Result<User, Error> {
    let (id, nickname, registered) = (row.try_get(first)?, row.try_get(first + 1)?, row.try_get(first + 2)?);
    Ok(User { id, nickname, registered, role: row.try_get(first + 3)? })
}

/// Like [`user_from`], for an outer join: `None` if the id is null.
pub(super) fn optional_user_from(row: &Row, first: usize) -> Result<Option<User>, Error> {
    let id: Option<UserId> = row.try_get(first)?;
    id.map(|_| user_from(row, first)).transpose()
}

/// Reads a column that holds JSON or null.
pub(in crate::server::store::postgres) fn json_from<T: DeserializeOwned>(
    row: &Row,
    column: usize,
) -> Result<Option<T>, Error> {
    let json: Option<Json<T>> = row.try_get(column)?;
    Ok(json.map(|Json(value)| value))
}

/// Reads a number such as the result of `count(*)`.
pub(super) fn count_from(row: &Row, column: usize) -> Result<u32, Error> {
    let count: i64 = row.try_get(column)?;
    Ok(u32::try_from(count).unwrap_or(if count < 0 { 0 } else { u32::MAX }))
}
