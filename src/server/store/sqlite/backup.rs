//! Backups: copies of the database, also while a server is running on it.
//!
//! Restoring a backup undoes everything that came after it, and what comes next gets the same positions: it is another
//! history. So a backup has no epoch and gets a new one when it is opened. Clients that remember the old epoch start again.

use std::{
    ffi::OsString,
    fs::{self, File},
    io,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use rusqlite::{Connection, OpenFlags};

use crate::server::store::sqlite::open::{BUSY_TIMEOUT, DATABASE};

/// Why a backup failed.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The folder has no database: no server has ever run on it.
    #[error("there is no data in {0}")]
    NoData(PathBuf),
    /// The file exists already. A backup overwrites nothing.
    #[error("{0} already exists")]
    FileExists(PathBuf),
    /// The file cannot be written.
    #[error("cannot write {path}: {error}")]
    File {
        /// The file.
        path: PathBuf,
        /// The cause.
        error: io::Error,
    },
    /// The copy is damaged, and so probably the data is as well.
    #[error("the data is damaged: {0}")]
    Damaged(String),
    /// Any other error of SQLite.
    #[error("cannot copy the database: {0}")]
    Database(#[from] rusqlite::Error),
}

/// Copies the database of a data folder to a new file, which holds the state at this moment. The file appears only when it is
/// complete and synced, and only its owner can read it.
pub(crate) fn back_up(folder: &Path, file: &Path) -> Result<(), BackupError> {
    let failed = |error| BackupError::File { path: file.to_owned(), error };
    let source = folder.join(DATABASE);
    if !source.is_file() {
        return Err(BackupError::NoData(folder.to_owned()));
    }
    if file.try_exists().map_err(failed)? {
        return Err(BackupError::FileExists(file.to_owned()));
    }
    let unfinished = unfinished(file);
    let created = File::options().write(true).create_new(true).mode(0o600).open(&unfinished);
    created.map_err(|error| BackupError::File { path: unfinished.clone(), error })?;
    let done = copy(&source, &unfinished).and_then(|()| publish(&unfinished, file).map_err(failed));
    if done.is_err() {
        // An incomplete copy is of no use. If it cannot be removed, the next backup fails and says so.
        drop(fs::remove_file(&unfinished));
    }
    done
}

/// The name of the file while it is being written.
fn unfinished(file: &Path) -> PathBuf {
    let mut name = OsString::from(file);
    name.push(".unfinished");
    name.into()
}

fn copy(source: &Path, copy: &Path) -> Result<(), BackupError> {
    let db = open(source)?;
    db.execute("VACUUM INTO ?1", [copy.to_string_lossy()])?;
    drop(db);
    let db = open(copy)?;
    let verdict: String = db.pragma_query_value(None, "quick_check", |row| row.get(0))?;
    if verdict != "ok" {
        return Err(BackupError::Damaged(verdict));
    }
    db.execute("UPDATE meta SET epoch = x''", [])?;
    Ok(())
}

/// Opens a database. In WAL mode a reader does not block a server that is running on it.
fn open(path: &Path) -> Result<Connection, rusqlite::Error> {
    let db = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    db.busy_timeout(BUSY_TIMEOUT)?;
    Ok(db)
}

/// Syncs the finished copy and gives it its name.
fn publish(unfinished: &Path, file: &Path) -> io::Result<()> {
    File::open(unfinished)?.sync_all()?;
    fs::rename(unfinished, file)?;
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}
