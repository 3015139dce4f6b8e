//! Opens a store or a backup for reading, and runs all checks on one snapshot.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use crate::server::store::sqlite::{
    open::{BUSY_TIMEOUT, DATABASE},
    schema::SCHEMA_VERSION,
    verify::{findings::Findings, fold_entries, fold_events, fold_rooms, order, structure},
};

/// Why a store could not be verified.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// There is no database.
    #[error("there is no data in {0}")]
    NoData(PathBuf),
    /// The database has another version.
    #[error(
        "the data has version {found}; this program verifies version {SCHEMA_VERSION}, to which it upgrades when it starts"
    )]
    OtherVersion {
        /// The version of the data.
        found: u32,
    },
    /// The database cannot be read at all.
    #[error("cannot read the database: {0}")]
    Database(#[from] rusqlite::Error),
}

/// Verifies a data folder or a backup file. Calls `progress` with what is being checked, and how much of all work is done, from
/// 0 to 1.
///
/// # Errors
/// If the store cannot be read. What is wrong with a store that can be read is returned.
pub fn verify(path: &Path, progress: &mut dyn FnMut(&str, f64)) -> Result<Findings, VerifyError> {
    let file = if path.is_dir() { path.join(DATABASE) } else { path.to_owned() };
    if !file.is_file() {
        return Err(VerifyError::NoData(path.to_owned()));
    }
    let db = Connection::open_with_flags(&file, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    db.busy_timeout(BUSY_TIMEOUT)?;
    // Everything below reads the same snapshot.
    db.execute_batch("BEGIN")?;
    let found: u32 = db.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if found != SCHEMA_VERSION {
        return Err(VerifyError::OtherVersion { found });
    }
    let mut findings = Findings::default();
    progress("the database", 0.0);
    structure::check(&db, &mut findings)?;
    progress("the order of the log", 0.3);
    order::check(&db, &mut findings)?;
    progress("users, members and sanctions", 0.5);
    fold_entries::check(&db, &mut findings)?;
    progress("rooms", 0.55);
    fold_rooms::check(&db, &mut findings)?;
    progress("messages and reactions", 0.6);
    fold_events::check(&db, &mut findings, &mut |done| progress("messages and reactions", 0.6 + 0.4 * done))?;
    progress("done", 1.0);
    Ok(findings)
}
