//! Parts of queries, and reading values of the domain from the columns of a row.

use rusqlite::{Connection, Row, types::Type};
use serde::de::DeserializeOwned;

use crate::{
    domain::{User, UserId},
    server::store::error::StoreError,
};

/// The number of the user with the UUID `?1`.
pub(super) const USER_1: &str = "(SELECT number FROM users WHERE id = ?1)";

/// The number of the conversation with the UUID `?1`.
pub(super) const CONVERSATION_1: &str = "(SELECT number FROM conversations WHERE id = ?1)";

/// The four columns that [`user_from`] reads, of the table `users` under the name `u`.
pub(super) const USER_COLUMNS: &str = "u.id, u.nickname, u.password IS NOT NULL, u.role";

/// Reads a [`User`] from the four columns at `first`: id, nickname, whether there is a password, role.
pub(in crate::server::store::sqlite) fn user_from(row: &Row<'_>, first: usize) -> rusqlite::Result<User> {
    let (id, nickname, registered) = (row.get(first)?, row.get(first + 1)?, row.get(first + 2)?);
    Ok(User { id, nickname, registered, role: row.get(first + 3)? })
}

/// Like [`user_from`], for an outer join: `None` if the id is null.
pub(super) fn optional_user_from(row: &Row<'_>, first: usize) -> rusqlite::Result<Option<User>> {
    let id: Option<UserId> = row.get(first)?;
    id.map(|_| user_from(row, first)).transpose()
}

/// Reads a column that holds JSON or null.
pub(in crate::server::store::sqlite) fn json_from<T: DeserializeOwned>(
    row: &Row<'_>,
    column: usize,
) -> rusqlite::Result<Option<T>> {
    let text: Option<&str> = row.get_ref(column)?.as_str_or_null()?;
    text.map(serde_json::from_str)
        .transpose()
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error)))
}

/// Runs a query and reads all its rows.
pub(super) fn all_rows<T>(
    db: &Connection,
    query: &str,
    params: impl rusqlite::Params,
    from: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>, StoreError> {
    Ok(db.prepare_cached(query)?.query_map(params, from)?.collect::<Result<_, _>>()?)
}

/// Runs a query and reads rows while they fit: at most `limit`, and at most about `bytes` bytes, but at least one. `read` also
/// returns the size of a row. Returns whether there are more.
pub(super) fn fitting_rows<T>(
    db: &Connection,
    query: &str,
    params: impl rusqlite::Params,
    (limit, mut bytes): (u32, usize),
    read: impl Fn(&Row<'_>) -> rusqlite::Result<(T, usize)>,
) -> Result<(Vec<T>, bool), StoreError> {
    let mut select = db.prepare_cached(query)?;
    let (mut rows, mut fitting) = (select.query(params)?, Vec::new());
    while let Some(row) = rows.next()? {
        let (value, size) = read(row)?;
        if fitting.len() == limit as usize || (size > bytes && !fitting.is_empty()) {
            return Ok((fitting, true));
        }
        bytes = bytes.saturating_sub(size);
        fitting.push(value);
    }
    Ok((fitting, false))
}
