//! The disk quota: how much space the data folder may take.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use rusqlite::Connection;

use crate::server::store::sqlite::open::DATABASE;

/// How often the used space is measured at most. Measuring reads the metadata of a few files.
const INTERVAL: Duration = Duration::from_secs(1);

/// The quota of a data folder, and how much of it was used at the last measurement.
#[derive(Debug)]
pub(super) struct Quota {
    folder: PathBuf,
    /// In bytes.
    limit: u64,
    measured_at: Option<Instant>,
    state: QuotaState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum QuotaState {
    HasRoom,
    IsNearlyUsedUp,
    IsUsedUp,
}

impl Quota {
    pub(super) fn new(folder: &Path, limit: u64) -> Self {
        Self { folder: folder.to_owned(), limit, measured_at: None, state: QuotaState::HasRoom }
    }

    /// Whether there is room for more data. Measures again if the last measurement is old. If measuring fails, the last
    /// state stays.
    pub(super) fn has_room(&mut self, db: &Connection) -> bool {
        if self.measured_at.is_none_or(|at| at.elapsed() >= INTERVAL) {
            self.measured_at = Some(Instant::now());
            match used_bytes(&self.folder, db) {
                Ok(used) => self.update(used),
                Err(error) => tracing::warn!(%error, "cannot measure the used disk space"),
            }
        }
        self.state != QuotaState::IsUsedUp
    }

    /// Sets the state, and logs a change of it.
    fn update(&mut self, used: u64) {
        let quota = self.limit;
        let state = if used >= quota {
            QuotaState::IsUsedUp
        } else if used >= quota - quota / 10 {
            QuotaState::IsNearlyUsedUp
        } else {
            QuotaState::HasRoom
        };
        if state != self.state {
            match state {
                QuotaState::IsUsedUp => {
                    tracing::error!(used, quota, "the disk quota is used up: no new messages or users are accepted");
                }
                QuotaState::IsNearlyUsedUp => tracing::warn!(used, quota, "more than 90 % of the disk quota is used"),
                QuotaState::HasRoom => tracing::info!(used, quota, "the data is well below the disk quota again"),
            }
        }
        self.state = state;
    }
}

/// How many bytes the data takes: the pages of the database that are in use, and all other files in the folder. Free pages
/// do not count, so deleting makes room although no file gets smaller. Nor does the write-ahead log, which holds copies of
/// pages and has a limit of its own.
fn used_bytes(folder: &Path, db: &Connection) -> Result<u64, MeasureError> {
    let number = |pragma| db.pragma_query_value(None, pragma, |row| row.get::<_, u32>(0));
    let pages = u64::from(number("page_count")?.saturating_sub(number("freelist_count")?));
    let mut used = pages * u64::from(number("page_size")?);
    for file in fs::read_dir(folder)? {
        let file = file?;
        // The names of the log and its index begin with the name of the database.
        if file.file_name().to_string_lossy().starts_with(DATABASE) {
            continue;
        }
        match file.metadata() {
            Ok(metadata) if metadata.is_file() => used += metadata.len(),
            Ok(_) => {}
            // Deleted in the meantime.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(used)
}

#[derive(Debug, thiserror::Error)]
enum MeasureError {
    #[error(transparent)]
    Folder(#[from] io::Error),
    #[error(transparent)]
    Database(#[from] rusqlite::Error),
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    #[test]
    fn deleting_makes_room() {
        let folder = TempDir::new().expect("a folder");
        let db = Connection::open(folder.path().join(DATABASE)).expect("a database");
        db.execute_batch("CREATE TABLE a (b BLOB); INSERT INTO a VALUES (zeroblob(100000))").expect("a row");
        let before = used_bytes(folder.path(), &db).expect("a size");
        assert!(before >= 100_000);
        fs::write(folder.path().join("beside"), [0; 5_000]).expect("a file");
        assert_eq!(used_bytes(folder.path(), &db).expect("a size"), before + 5_000);
        db.execute_batch("DELETE FROM a").expect("no row");
        assert!(used_bytes(folder.path(), &db).expect("a size") < 20_000);
    }

    #[test]
    fn there_is_room_until_the_quota_is_used_up() {
        let folder = TempDir::new().expect("a folder");
        let db = Connection::open_in_memory().expect("a database");
        let mut quota = Quota::new(folder.path(), 1_000);
        for (bytes, state) in [
            (899, QuotaState::HasRoom),
            (900, QuotaState::IsNearlyUsedUp),
            (999, QuotaState::IsNearlyUsedUp),
            (1_000, QuotaState::IsUsedUp),
            (10, QuotaState::HasRoom),
        ] {
            fs::write(folder.path().join("file"), vec![0; bytes]).expect("a file");
            quota.measured_at = None;
            assert_eq!(quota.has_room(&db), state != QuotaState::IsUsedUp, "{bytes}");
            assert_eq!(quota.state, state, "{bytes}");
        }
    }
}
