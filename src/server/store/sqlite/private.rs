//! Files that only their owner can read, whatever the umask and the folder allow.

use std::{
    fs::{self, DirBuilder, File, Permissions},
    io,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::Path,
};

/// Read and write for the owner only.
const FILE_MODE: u32 = 0o600;

/// The permission bits of group and others.
const OTHERS_MASK: u32 = 0o077;

/// Creates a folder that only its owner can access. Leaves an existing folder as it is, but logs a warning if others can
/// access it.
pub(super) fn create_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let mode = mode_of(&fs::metadata(folder)?);
    if mode & OTHERS_MASK != 0 {
        tracing::warn!(
            "other users of this machine can access the data folder {} (its mode is {mode:03o}): chmod 700",
            folder.display()
        );
    }
    Ok(())
}

/// Opens a file for writing. A new file is empty and accessible to its owner only, from the start.
pub(super) fn open_file(path: &Path) -> io::Result<File> {
    let file = File::options().create(true).write(true).truncate(false).mode(FILE_MODE).open(path)?;
    restrict(path)?;
    Ok(file)
}

/// Makes an existing file accessible to its owner only. Logs a warning if that is not possible: the server starts anyway.
pub(super) fn restrict(path: &Path) -> io::Result<()> {
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
