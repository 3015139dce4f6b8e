//! Errors of SQLite, and why the store cannot be opened.

use std::{io, path::PathBuf};

use crate::server::store::error::StoreError;

/// Why the store can't be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The data folder, or the lock file in it, can't be made.
    #[error("cannot use the data folder {path}: {error}")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Two servers on the same data would each believe to know who is connected.
    #[error("another teahouse is using {0}")]
    InUse(PathBuf),
    /// Older ones have a bug that can corrupt the data.
    #[error("this SQLite is {0}; 3.51.3 or newer is needed")]
    OldSqlite(&'static str),
    /// The data comes from a newer version of this program.
    #[error("the data has schema {found}, this program knows only up to {known}")]
    NewerData {
        /// In the data.
        found: usize,
        /// In this program.
        known: usize,
    },
    /// The log says why.
    #[error("cannot put in its place what was written last")]
    Journal,
    /// Anything else.
    #[error("cannot open the database: {0}")]
    Database(#[from] rusqlite::Error),
    /// The system gives no thread.
    #[error("cannot start the store's threads: {0}")]
    Thread(io::Error),
}

impl From<rusqlite::Error> for StoreError {
    /// What SQLite says is for the log; everybody else only learns that it did not work.
    fn from(error: rusqlite::Error) -> Self {
        tracing::error!(%error, "the database refused");
        Self::Unavailable
    }
}
