//! The disk space that an upgrade needs.

use std::{io, path::Path};

use rusqlite::Connection;

use crate::server::store::sqlite::{
    error::OpenError,
    upgrade::{files::UpgradeFiles, migrations::LAST_MIGRATION},
};

/// Room for what does not grow with the data.
const RESERVE: u64 = 4 << 20;

/// The most bytes of an entry, usually.
const ENTRY_SIZE: u64 = 160;

/// Tells how many bytes are free in the file system of a folder.
pub(super) type FreeSpace<'a> = &'a dyn Fn(&Path) -> io::Result<u64>;

/// The bytes that this user may use.
pub(super) fn free_space(folder: &Path) -> io::Result<u64> {
    let system = rustix::fs::statvfs(folder)?;
    Ok(system.f_bavail.saturating_mul(system.f_frsize))
}

/// Checks that there is room for the new file, and for what the migrations before it need.
pub(super) fn check_space(
    files: &UpgradeFiles,
    old: &Connection,
    version: u32,
    free_space: FreeSpace<'_>,
) -> Result<(), OpenError> {
    let folder = || files.folder.clone();
    let failed = |error| OpenError::Folder { path: folder(), error };
    // The new tables are smaller than the old ones. Migrations write journals, and early ones wrote whole tables anew.
    let copies = match version {
        LAST_MIGRATION => 1,
        7.. => 2,
        _ => 4,
    };
    let tables = files.old_size().map_err(failed)?.saturating_mul(copies);
    let needed = tables.saturating_add(entries_size(old)?).saturating_add(RESERVE);
    let free = free_space(&files.folder).map_err(failed)?;
    if free < needed { Err(OpenError::NoSpace { folder: folder(), needed, free }) } else { Ok(()) }
}

/// About the size of the first entries of the commit log. All versions have these tables; others have few rows.
fn entries_size(old: &Connection) -> Result<u64, OpenError> {
    let select = "SELECT 2 * (SELECT count(*) FROM users) + (SELECT count(*) FROM conversations) + (SELECT count(*) FROM members)";
    let entries: i64 = old.query_row(select, [], |row| row.get(0))?;
    Ok(entries.cast_unsigned().saturating_mul(ENTRY_SIZE))
}
