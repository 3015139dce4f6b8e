//! The store on SQLite: one file, one writer thread, a few reader threads.

mod apply;
mod backup;
mod cache;
mod error;
mod facts;
mod log_reader;
mod numbers;
mod open;
mod private;
mod queries;
mod quota;
mod readers;
mod schema;
mod sql_types;
mod sqlite_store;
mod tables;
#[cfg(test)]
mod tests;
mod upgrade;
mod verify;
mod wal_checkpoints;
mod writer;

pub use backup::BackupError;
pub(crate) use backup::back_up;
pub use error::OpenError;
pub use log_reader::{LogReader, LogReaderError};
pub(crate) use open::{has_sqlite_data, lock_folder};
pub(crate) use sqlite_store::SqliteStore;
pub use verify::{Findings, VerifyError, verify};
