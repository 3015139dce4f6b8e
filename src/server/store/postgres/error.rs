//! Errors of the database: why a store cannot be opened, and what became of a statement that failed.

use std::{error::Error as _, io, path::PathBuf};

use tokio_postgres::{Error, error::SqlState};

use crate::server::store::error::StoreError;

/// Why a store in PostgreSQL cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum PostgresOpenError {
    /// The address of the database makes no sense.
    #[error(
        "this is no address of a PostgreSQL database: {0}. It looks like postgres://user:password@host:5432/database"
    )]
    Address(String),
    /// The file with certificates cannot be used.
    #[error("{path}: {error}")]
    Certificates {
        /// The file.
        path: PathBuf,
        /// The cause.
        error: String,
    },
    /// The database does not answer.
    #[error("PostgreSQL cannot be reached: {0}")]
    Unreachable(String),
    /// There is no such database.
    #[error("{0}; this creates it: CREATE DATABASE teahouse ENCODING 'UTF8' TEMPLATE template0")]
    NoDatabase(String),
    /// The user may not create tables.
    #[error("{0}: the database must belong to the user that the address names")]
    NotOwner(String),
    /// The database refuses what the server asks of it.
    #[error("PostgreSQL refuses: {0}")]
    Refused(String),
    /// The database has another encoding.
    #[error(
        "the database has the encoding {0}, and it must be UTF8: CREATE DATABASE teahouse ENCODING 'UTF8' TEMPLATE template0"
    )]
    Encoding(String),
    /// PostgreSQL is too old.
    #[error("PostgreSQL {0} is too old: 15 or newer is required")]
    OldPostgres(String),
    /// The tables are of a newer Teahouse, which does not let this one run beside it.
    #[error(
        "the database was changed by a newer Teahouse (tables of version {found}, this program knows {known}): start the newer program"
    )]
    NewerTables {
        /// The version of the tables.
        found: i32,
        /// The newest version that this program knows.
        known: i32,
    },
    /// The database has tables of somebody else.
    #[error("the database has tables that are not Teahouse's: give Teahouse a database of its own")]
    Occupied,
    /// The system provides no threads.
    #[error("cannot start a thread: {0}")]
    Thread(io::Error),
}

impl From<Error> for PostgresOpenError {
    fn from(error: Error) -> Self {
        let words = in_words(&error);
        match error.code() {
            None => Self::Unreachable(words),
            Some(&SqlState::INVALID_CATALOG_NAME) => Self::NoDatabase(words),
            Some(&SqlState::INSUFFICIENT_PRIVILEGE) => Self::NotOwner(words),
            Some(_) => Self::Refused(words),
        }
    }
}

/// What went wrong, in one line: PostgreSQL's own message, or the innermost cause.
pub(super) fn in_words(error: &Error) -> String {
    if let Some(database) = error.as_db_error() {
        let hint = database.hint().map(|hint| format!(" ({hint})")).unwrap_or_default();
        return format!("{}{hint}", database.message());
    }
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        words = format!("{words}: {error}");
        cause = error.source();
    }
    words
}

/// What a failed statement means for its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// The connection is of no use any more; another one may work.
    Connection,
    /// The statement was refused, and would be again.
    Statement,
}

pub(super) fn failure(error: &Error) -> Failure {
    // The database that was to be written to has become a standby, or is about to end, or has ended this session.
    const OF_CONNECTION: [SqlState; 8] = [
        SqlState::READ_ONLY_SQL_TRANSACTION,
        SqlState::ADMIN_SHUTDOWN,
        SqlState::CRASH_SHUTDOWN,
        SqlState::CANNOT_CONNECT_NOW,
        SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
        SqlState::QUERY_CANCELED,
        SqlState::TOO_MANY_CONNECTIONS,
        SqlState::LOCK_NOT_AVAILABLE,
    ];
    match error.code() {
        Some(code) if !OF_CONNECTION.contains(code) && !code.code().starts_with("08") => Failure::Statement,
        _ => Failure::Connection,
    }
}

/// For reads: the log gets the cause, the caller learns that the store is not available.
pub(super) fn unavailable(error: &Error) -> StoreError {
    match failure(error) {
        Failure::Connection => tracing::warn!(error = in_words(error), "the database does not answer a query"),
        Failure::Statement => tracing::error!(error = in_words(error), "the database refuses a query"),
    }
    StoreError::Unavailable
}
