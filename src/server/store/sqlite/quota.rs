//! How much of the disk the data may take.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use rusqlite::Connection;

use crate::server::store::sqlite::open::DATABASE;

/// How often it is measured, at most: a look at a handful of files.
const INTERVAL: Duration = Duration::from_secs(1);

/// A quota for a data folder, and what was last known of it.
#[derive(Debug)]
pub(super) struct Quota {
    folder: PathBuf,
    /// In bytes.
    most: u64,
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
    pub(super) fn new(folder: &Path, most: u64) -> Self {
        Self { folder: folder.to_owned(), most, measured_at: None, state: QuotaState::HasRoom }
    }

    /// Whether there is room for more. Measures, if that was not done for a while; if it can't be, what was known stays.
    pub(super) fn has_room(&mut self, db: &Connection) -> bool {
        if self.measured_at.is_none_or(|at| at.elapsed() >= INTERVAL) {
            self.measured_at = Some(Instant::now());
            match used(&self.folder, db) {
                Ok(used) => self.note(used),
                Err(error) => tracing::warn!(%error, "what the data takes of the disk could not be measured"),
            }
        }
        self.state != QuotaState::IsUsedUp
    }

    /// Writes a line when it gets better or worse, not each time.
    fn note(&mut self, used: u64) {
        let quota = self.most;
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
                    tracing::error!(used, quota, "the disk quota is used up: nothing new is taken in");
                }
                QuotaState::IsNearlyUsedUp => tracing::warn!(used, quota, "more than 90 % of the disk quota is used"),
                QuotaState::HasRoom => tracing::info!(used, quota, "there is room again within the disk quota"),
            }
        }
        self.state = state;
    }
}

/// How many bytes the data take: the pages of the database that are in use, wherever they are written down at the moment, so
/// that what is deleted makes room though no file gets smaller; and whatever lies beside it. The write-ahead log is not
/// counted: it holds pages of the database for a while, and has a bound of its own.
fn used(folder: &Path, db: &Connection) -> Result<u64, Unmeasured> {
    let number = |pragma| db.pragma_query_value(None, pragma, |row| row.get::<_, u32>(0));
    let pages = u64::from(number("page_count")?.saturating_sub(number("freelist_count")?));
    let mut used = pages * u64::from(number("page_size")?);
    for file in fs::read_dir(folder)? {
        let file = file?;
        // The log, and the index of it, are called after the database.
        if file.file_name().to_string_lossy().starts_with(DATABASE) {
            continue;
        }
        match file.metadata() {
            Ok(metadata) if metadata.is_file() => used += metadata.len(),
            Ok(_) => {}
            // Gone meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(used)
}

#[derive(Debug, thiserror::Error)]
enum Unmeasured {
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
    fn what_was_deleted_makes_room() {
        let folder = TempDir::new().expect("a folder");
        let db = Connection::open(folder.path().join(DATABASE)).expect("a database");
        db.execute_batch("CREATE TABLE a (b BLOB); INSERT INTO a VALUES (zeroblob(100000))").expect("a row");
        let before = used(folder.path(), &db).expect("a size");
        assert!(before >= 100_000);
        fs::write(folder.path().join("beside"), [0; 5_000]).expect("a file");
        assert_eq!(used(folder.path(), &db).expect("a size"), before + 5_000);
        db.execute_batch("DELETE FROM a").expect("no row");
        assert!(used(folder.path(), &db).expect("a size") < 20_000);
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
