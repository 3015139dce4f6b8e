//! Builds a database of the present version from one of version 20.

use std::{os::unix::ffi::OsStrExt as _, time::Duration};

use rusqlite::{Connection, OpenFlags};

use crate::server::store::sqlite::{
    error::OpenError,
    schema::{SCHEMA, SCHEMA_VERSION},
    upgrade::{
        check::check,
        copies::COPIES,
        entries::write_entries,
        events::copy_events,
        files::UpgradeFiles,
        migrations::{FILL_COUNTS, FILL_ROOMS, LAST_MIGRATION, add_room_name_key},
        progress::UpgradeProgress,
    },
};

/// How long to wait for somebody who has the old database open.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// The size of the page cache of each database. A negative number means KiB.
const CACHE: i64 = -32 * 1024;

/// Fills the new file from the old one, in one transaction, and checks it. The connection that is returned keeps the old
/// database locked; the new one is written, but not synced.
pub(super) fn rebuild(files: &UpgradeFiles, progress: &UpgradeProgress) -> Result<Connection, OpenError> {
    let db = open(files)?;
    // Locks the old database, too, until the connection is closed.
    db.execute_batch("BEGIN EXCLUSIVE")?;
    let journal_mode: String = db.pragma_query_value(Some("old"), "journal_mode", |row| row.get(0))?;
    let version: u32 = db.pragma_query_value(Some("old"), "user_version", |row| row.get(0))?;
    if journal_mode != "delete" || version != LAST_MIGRATION {
        return Err(OpenError::Locked(files.old.clone()));
    }
    db.execute_batch(SCHEMA)?;
    progress.expect(count_rows(&db)?);
    for copy in COPIES {
        progress.begin(copy.table);
        progress.add(db.execute(copy.fill, [])? as u64);
    }
    add_room_name_key(&db)?;
    db.execute(FILL_ROOMS, [])?;
    // Ids of rows that were deleted are not used again.
    db.execute_batch(
        "DELETE FROM main.sqlite_sequence;
         INSERT INTO main.sqlite_sequence (name, seq)
         SELECT name, seq FROM old.sqlite_sequence WHERE name IN ('reports', 'audit');",
    )?;
    progress.begin("the first entries of the commit log");
    let first_event = write_entries(&db)?;
    progress.begin("events");
    copy_events(&db, first_event, progress)?;
    db.execute_batch(FILL_COUNTS)?;
    progress.begin("checking");
    check(&db)?;
    db.pragma_update(Some("main"), "user_version", SCHEMA_VERSION)?;
    db.execute_batch("COMMIT")?;
    Ok(db)
}

fn open(files: &UpgradeFiles) -> Result<Connection, OpenError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(&files.new, flags)?;
    db.busy_timeout(BUSY_TIMEOUT)?;
    // A half-built file is of no use, and the finished one is synced before it gets its name.
    db.pragma_update(None, "journal_mode", "OFF")?;
    db.pragma_update(None, "synchronous", "OFF")?;
    db.pragma_update(None, "secure_delete", true)?;
    db.pragma_update(None, "foreign_keys", false)?;
    // A path need not be UTF-8.
    db.execute("ATTACH CAST(?1 AS TEXT) AS old", [files.old.as_os_str().as_bytes()])?;
    db.pragma_update(Some("main"), "cache_size", CACHE)?;
    db.pragma_update(Some("old"), "cache_size", CACHE)?;
    // Locks outlast the transaction.
    db.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    Ok(db)
}

/// The rows of the old database.
fn count_rows(db: &Connection) -> Result<u64, OpenError> {
    let tables = COPIES.iter().map(|copy| copy.table).chain(["events"]);
    let count = |table| db.query_row(&format!("SELECT count(*) FROM old.{table}"), [], |row| row.get::<_, i64>(0));
    Ok(tables.map(count).sum::<Result<i64, rusqlite::Error>>()?.cast_unsigned())
}
