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
        found: u32,
        /// The newest schema version that this program knows.
        known: u32,
    },
    /// The disk has no room for the new file of an upgrade. The data is as it was.
    #[error(
        "the data must be upgraded, which needs {} MB of free space in {folder}; there are {} MB. Nothing was changed",
        needed.div_ceil(MEGABYTE), free / MEGABYTE
    )]
    NoSpace {
        /// The data folder.
        folder: PathBuf,
        /// The bytes that are needed.
        needed: u64,
        /// The bytes that are free.
        free: u64,
    },
    /// Another program has the database open, so that it cannot be upgraded. The data is as it was.
    #[error("the data must be upgraded, but another program has {0} open; end it, and start again")]
    Locked(PathBuf),
    /// The messages that a killed server left in the staging table cannot be read. The log names the row.
    #[error("cannot move the messages that were written last to their tables")]
    Staging,
    /// The new file of an upgrade does not have everything that the old one has. The old one is as it was.
    #[error("the upgrade of the data was given up, and the data left as it was: {0}")]
    Upgrade(String),
    /// Any other error of SQLite.
    #[error("cannot open the database: {0}")]
    Database(#[from] rusqlite::Error),
    /// The operating system cannot start a thread.
    #[error("cannot start the store's threads: {0}")]
    Thread(io::Error),
}

/// In bytes, as disks are sold.
const MEGABYTE: u64 = 1_000_000;

impl From<rusqlite::Error> for StoreError {
    /// Logs the error of SQLite. Users only learn that the store is not available.
    fn from(error: rusqlite::Error) -> Self {
        tracing::error!(%error, "an error of the database");
        Self::Unavailable
    }
}
