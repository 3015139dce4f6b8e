//! The files of an upgrade: the database, and the new one that is built beside it.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use crate::server::store::sqlite::private;

/// What SQLite adds to the name of a database for the files beside it.
const SIDE_FILES: [&str; 3] = ["-wal", "-shm", "-journal"];

/// Where the database is, and where the new one is built.
#[derive(Debug)]
pub(super) struct UpgradeFiles {
    pub(super) old: PathBuf,
    pub(super) new: PathBuf,
    pub(super) folder: PathBuf,
}

impl UpgradeFiles {
    pub(super) fn of(database: &Path) -> Self {
        let folder = database.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Self { old: database.to_owned(), new: beside(database, ".upgrade"), folder: folder.to_owned() }
    }

    /// The size of the database. What is in its write-ahead log may add to it.
    pub(super) fn old_size(&self) -> io::Result<u64> {
        let size = |path: &Path| match fs::metadata(path) {
            Ok(file) => Ok(file.len()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
            Err(error) => Err(error),
        };
        Ok(size(&self.old)?.saturating_add(size(&beside(&self.old, "-wal"))?))
    }

    /// Deletes what an upgrade that was killed has left.
    pub(super) fn remove_half_built(&self) -> io::Result<()> {
        remove(&self.new)?;
        SIDE_FILES.iter().try_for_each(|suffix| remove(&beside(&self.new, suffix)))
    }

    /// Creates the new file, empty and accessible to its owner only.
    pub(super) fn create_new(&self) -> io::Result<()> {
        private::open_file(&self.new).map(drop)
    }

    /// Puts the new file in the place of the old one. Both are whole, and the old one is left by its journal or write-ahead
    /// log, which would be applied to the new one otherwise.
    pub(super) fn replace(&self) -> io::Result<()> {
        File::open(&self.new)?.sync_all()?;
        for suffix in SIDE_FILES {
            let side_file = beside(&self.old, suffix);
            if side_file.try_exists()? {
                return Err(io::Error::other(format!("another program has created {}", side_file.display())));
            }
        }
        // The files beside the old one must be gone for good before the new one has its name.
        self.sync_folder()?;
        fs::rename(&self.new, &self.old)?;
        self.sync_folder()
    }

    fn sync_folder(&self) -> io::Result<()> {
        File::open(&self.folder)?.sync_all()
    }
}

/// A file beside another one.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
