//! Copies of the data, whether a server runs on them or not.
//!
//! Where a copy is put back, what came after it never was, and other things come in its place: another history begins,
//! each time. So a copy has no epoch, and gets one when it is opened; who remembers what came after begins anew.

use std::{
    ffi::OsString,
    fs::{self, File},
    io,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use rusqlite::{Connection, OpenFlags};

use crate::server::store::sqlite::open::{BUSY_TIMEOUT, DATABASE};

/// Why there is no backup.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// No server has ever run on this folder.
    #[error("there is no data in {0}")]
    NoData(PathBuf),
    /// Nothing is overwritten.
    #[error("{0} is there already")]
    InTheWay(PathBuf),
    /// It can't be written there.
    #[error("cannot write {path}: {error}")]
    File {
        /// Where.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The copy, and so probably the data, is damaged.
    #[error("the data is damaged: {0}")]
    Damaged(String),
    /// Anything else.
    #[error("cannot copy the database: {0}")]
    Database(#[from] rusqlite::Error),
}

/// Copies the data of a folder to a new file, as it stands at this moment; synced, for its owner alone, and there only if
/// it is whole.
pub(crate) fn back_up(folder: &Path, file: &Path) -> Result<(), BackupError> {
    let failed = |error| BackupError::File { path: file.to_owned(), error };
    let source = folder.join(DATABASE);
    if !source.is_file() {
        return Err(BackupError::NoData(folder.to_owned()));
    }
    if file.try_exists().map_err(failed)? {
        return Err(BackupError::InTheWay(file.to_owned()));
    }
    let unfinished = unfinished(file);
    let taken = File::options().write(true).create_new(true).mode(0o600).open(&unfinished);
    taken.map_err(|error| BackupError::File { path: unfinished.clone(), error })?;
    let done = copy(&source, &unfinished).and_then(|()| keep(&unfinished, file).map_err(failed));
    if done.is_err() {
        // What is there is of no use; if it can't be removed either, the next backup says so.
        drop(fs::remove_file(&unfinished));
    }
    done
}

/// Where it is while it is being written.
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

/// A server that runs beside is not disturbed: in WAL mode, who reads makes nobody wait.
fn open(path: &Path) -> Result<Connection, rusqlite::Error> {
    let db = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    db.busy_timeout(BUSY_TIMEOUT)?;
    Ok(db)
}

/// Gives the finished copy its name.
fn keep(unfinished: &Path, file: &Path) -> io::Result<()> {
    File::open(unfinished)?.sync_all()?;
    fs::rename(unfinished, file)?;
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}
