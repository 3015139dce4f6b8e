//! The store on SQLite: one file, one writer thread, a few reader threads.

mod backup;
mod commands;
#[cfg(feature = "early-ack")]
mod early_ack;
mod error;
mod lists;
mod migrations;
mod open;
mod private;
mod queries;
mod quota;
mod readers;
mod sql_types;
mod sqlite_store;
mod tables;
#[cfg(test)]
mod tests;
mod wal_checkpoints;
mod write_access;
mod writer;

pub use backup::BackupError;
pub(crate) use backup::back_up;
pub use error::OpenError;
pub(crate) use sqlite_store::SqliteStore;
