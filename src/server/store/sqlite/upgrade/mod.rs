//! Upgrades of stores of earlier versions.
//!
//! A database of version 21 or later is migrated in place, in one transaction. For an older one, migrations in place bring it
//! to version 20. Then a new database is built beside it, checked, synced, and
//! put in its place by one rename. The old one is not changed meanwhile, and nobody else can open it. A kill or a power loss
//! leaves either the old data whole, at the version of the last migration that was committed, or the new data whole. The
//! next start deletes a half-built file and begins anew.

mod check;
mod copies;
mod entries;
mod events;
mod files;
mod migrations;
mod progress;
mod rebuild;
mod space;
mod staging;
#[cfg(test)]
mod tests;

use std::{fs, io, path::Path, time::Instant};

use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::server::store::sqlite::{
    error::OpenError,
    schema::SCHEMA_VERSION,
    upgrade::{
        files::UpgradeFiles,
        migrations::{LAST_MIGRATION, REBUILT_VERSION, migrate, migrate_rebuilt},
        progress::UpgradeProgress,
        rebuild::{BUSY_TIMEOUT, rebuild},
        space::{FreeSpace, check_space, free_space},
        staging::flush_staging,
    },
};

/// Upgrades a database, if there is one of an earlier version. The caller has locked the data folder.
///
/// # Errors
/// [`OpenError::NewerData`] if the version is not known, [`OpenError::NoSpace`] and [`OpenError::Locked`] before anything
/// was changed; others if the upgrade fails, which leaves the old data.
pub(super) fn upgrade(database: &Path) -> Result<(), OpenError> {
    upgrade_with(database, &free_space)
}

fn upgrade_with(database: &Path, free_space: FreeSpace<'_>) -> Result<(), OpenError> {
    let files = UpgradeFiles::of(database);
    upgrade_files(&files, free_space).map_err(|error| match error {
        OpenError::Database(rusqlite::Error::SqliteFailure(failure, _))
            if matches!(failure.code, ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) =>
        {
            OpenError::Locked(files.old)
        }
        other => other,
    })
}

fn upgrade_files(files: &UpgradeFiles, free_space: FreeSpace<'_>) -> Result<(), OpenError> {
    let failed = |error| OpenError::Folder { path: files.folder.clone(), error };
    match fs::metadata(&files.old) {
        Ok(file) if file.len() > 0 => {}
        Ok(_) => return Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed(error)),
    }
    let mut old = open_old(&files.old)?;
    let version: u32 = old.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if version > SCHEMA_VERSION {
        return Err(OpenError::NewerData { found: version, known: SCHEMA_VERSION });
    }
    files.remove_half_built().map_err(failed)?;
    if version == SCHEMA_VERSION || is_empty(&old)? {
        return Ok(());
    }
    let (start, old_size) = (Instant::now(), files.old_size().map_err(failed)?);
    tracing::info!(
        "upgrade: the data of version {version} becomes version {SCHEMA_VERSION}, which earlier programs cannot read. \
         If there is no backup, kill the server now, run `teahouse backup`, and start again: until this is done, the data \
         stays as it is"
    );
    if version >= REBUILT_VERSION {
        return Ok(migrate_rebuilt(&mut old, version)?);
    }
    check_space(files, &old, version, free_space)?;
    UpgradeProgress::follow(|progress| {
        progress.begin("preparing the old tables");
        leave_wal_mode(&old, &files.old)?;
        migrate(&mut old, version)?;
        flush_staging(&mut old)?;
        check_space(files, &old, LAST_MIGRATION, free_space)?;
        let is_unused = is_unused(&old)?;
        old.close().map_err(|(_, error)| error)?;
        if is_unused {
            return files.create_new().and_then(|()| files.replace()).map_err(failed);
        }
        build_and_replace(files, progress)
    })?;
    let new_size = fs::metadata(&files.old).map_err(failed)?.len();
    tracing::info!(
        "upgrade: done in {:.1} s; the database has {new_size} bytes, and had {old_size}",
        start.elapsed().as_secs_f64()
    );
    Ok(())
}

fn open_old(path: &Path) -> Result<Connection, OpenError> {
    let db = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    db.busy_timeout(BUSY_TIMEOUT)?;
    db.pragma_update(None, "synchronous", "FULL")?;
    // Deleted data is overwritten, not only marked as free.
    db.pragma_update(None, "secure_delete", true)?;
    // A migration may replace a table. This build of SQLite has foreign keys on by default.
    db.pragma_update(None, "foreign_keys", false)?;
    Ok(db)
}

/// Whether nothing was ever created in the database: the first start was killed.
fn is_empty(db: &Connection) -> Result<bool, OpenError> {
    Ok(!db.prepare("SELECT 1 FROM sqlite_schema")?.exists([])?)
}

/// Whether the first start was killed between creating the tables and giving the store its identity and its Lobby. Such a
/// store begins again, with an empty file.
fn is_unused(db: &Connection) -> Result<bool, OpenError> {
    let has_identity = db.prepare("SELECT 1 FROM meta")?.exists([])?;
    let has_data = "SELECT 1 FROM conversations UNION ALL SELECT 1 FROM users WHERE id <> zeroblob(16)";
    if !has_identity && db.prepare(has_data)?.exists([])? {
        return Err(OpenError::Upgrade("the table meta is empty".to_owned()));
    }
    Ok(!has_identity)
}

/// Moves the write-ahead log into the database and deletes it, so that it can never be applied to the new file. That needs
/// the database alone.
fn leave_wal_mode(db: &Connection, path: &Path) -> Result<(), OpenError> {
    let busy: bool = db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    let mode: String = db.query_row("PRAGMA journal_mode = DELETE", [], |row| row.get(0))?;
    if busy || mode != "delete" { Err(OpenError::Locked(path.to_owned())) } else { Ok(()) }
}

/// Builds the new file and puts it in the place of the old one.
fn build_and_replace(files: &UpgradeFiles, progress: &UpgradeProgress) -> Result<(), OpenError> {
    let failed = |error| OpenError::Folder { path: files.folder.clone(), error };
    files.create_new().map_err(failed)?;
    let replaced = rebuild(files, progress).and_then(|rebuilt| {
        progress.begin("syncing the new file");
        files.replace().map_err(failed)?;
        // The old file was locked up to here.
        drop(rebuilt);
        Ok(())
    });
    if replaced.is_err()
        && let Err(error) = files.remove_half_built()
    {
        tracing::warn!(%error, "the half-built file could not be deleted; the next start will try again");
    }
    replaced
}
