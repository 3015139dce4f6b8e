//! Files that nobody else on the machine can read, whatever the umask and the folder allow.

use std::{
    fs::{self, DirBuilder, File, Permissions},
    io,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::Path,
};

/// Read and write for the owner.
const FILE_MODE: u32 = 0o600;

/// What others may do, of a mode.
const OF_OTHERS: u32 = 0o077;

/// Makes a folder that nobody else may look into. One that is there already is left as it is, but not without a word.
pub(super) fn make_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let mode = mode_of(&fs::metadata(folder)?);
    if mode & OF_OTHERS != 0 {
        tracing::warn!(
            "other users of this machine can look into the data folder {} (its mode is {mode:03o}): chmod 700",
            folder.display()
        );
    }
    Ok(())
}

/// Opens a file for writing, and makes it if need be: empty, and its owner's alone from the start.
pub(super) fn open_file(path: &Path) -> io::Result<File> {
    let file = File::options().create(true).write(true).truncate(false).mode(FILE_MODE).open(path)?;
    tighten(path)?;
    Ok(file)
}

/// Makes a file its owner's alone, if it is there. Where that can't be done it is told, and the server starts all the same.
pub(super) fn tighten(path: &Path) -> io::Result<()> {
    let mode = match fs::metadata(path) {
        Ok(file) => mode_of(&file),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    if mode == FILE_MODE {
        return Ok(());
    }
    if let Err(error) = fs::set_permissions(path, Permissions::from_mode(FILE_MODE)) {
        tracing::warn!(%error, path = %path.display(), "other users of this machine may be able to read this file");
    }
    Ok(())
}

fn mode_of(file: &fs::Metadata) -> u32 {
    file.permissions().mode() & 0o777
}
