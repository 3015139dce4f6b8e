//! Following the commit log from another process.

use std::path::Path;

use rusqlite::Connection;

use crate::server::store::{
    commit_log::{CommitEntry, Position},
    sqlite::{
        open::{DATABASE, open_reader},
        queries,
    },
};

/// Reads the commit log of a data folder, whether a server runs on it or not.
#[derive(Debug)]
pub struct LogReader {
    db: Connection,
}

/// Why the commit log could not be read.
#[derive(Debug, thiserror::Error)]
#[error("the commit log cannot be read: {0}")]
pub struct LogReaderError(String);

impl LogReader {
    /// Opens the log of a data folder.
    ///
    /// # Errors
    /// If there is no database.
    pub fn open(folder: &Path) -> Result<Self, LogReaderError> {
        let db = open_reader(&folder.join(DATABASE)).map_err(|error| LogReaderError(error.to_string()))?;
        Ok(Self { db })
    }

    /// Entries after a position, in ascending order, each as JSON: at most `limit`, and at most about `bytes` bytes, but at
    /// least one if there is one.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn after(&self, position: u64, limit: u32, bytes: usize) -> Result<Vec<String>, LogReaderError> {
        let entries: Vec<CommitEntry> = queries::log::log_after(&self.db, Position(position), limit, bytes)
            .map_err(|error| LogReaderError(error.to_string()))?;
        let lines =
            entries.iter().map(|entry| serde_json::to_string(entry).map_err(|error| LogReaderError(error.to_string())));
        lines.collect()
    }
}
