//! Errors of SQLite as [`StoreError`]s, and [`OpenError`].

use std::{io, path::PathBuf};

use crate::server::store::error::StoreError;

/// Why the store can't be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The data folder or its lock file cannot be created.
    #[error("cannot use the data folder {path}: {error}")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// The cause.
        error: io::Error,
    },
    /// Another process uses the folder. Two servers on the same data would each know only their own connections.
    #[error("another teahouse is using {0}")]
    InUse(PathBuf),
    /// Older versions have a bug that can corrupt the data.
    #[error("this SQLite is {0}; 3.51.3 or newer is needed")]
    OldSqlite(&'static str),
    /// A newer version of this program has used the data.
    #[error("the data has schema {found}, this program knows only up to {known}")]
    NewerData {
        /// The schema version of the data.
        found: usize,
        /// The newest schema version that this program knows.
        known: usize,
    },
    /// The staged messages cannot be moved to their tables. The log has the cause.
    #[error("cannot move the messages that were written last to their tables")]
    Staging,
    /// Any other error of SQLite.
    #[error("cannot open the database: {0}")]
    Database(#[from] rusqlite::Error),
    /// The operating system cannot start a thread.
    #[error("cannot start the store's threads: {0}")]
    Thread(io::Error),
}

impl From<rusqlite::Error> for StoreError {
    /// Logs the error of SQLite. Users only learn that the store is not available.
    fn from(error: rusqlite::Error) -> Self {
        tracing::error!(%error, "an error of the database");
        Self::Unavailable
    }
}
