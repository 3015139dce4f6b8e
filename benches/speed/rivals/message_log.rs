//! The file of a server that makes messages durable and does nothing else.

use std::{
    fs::{File, OpenOptions},
    io::Write as _,
    path::Path,
};

use crate::failure::Failure;

/// Collects messages and writes them to a file, all of them with one write and one sync.
pub(super) struct MessageLog {
    file: File,
    /// What is not written yet.
    collected: Vec<u8>,
}

impl MessageLog {
    /// Creates the file in `folder`.
    pub(super) fn create(folder: &Path) -> Result<Self, Failure> {
        let file = OpenOptions::new().append(true).create_new(true).open(folder.join("messages"))?;
        Ok(Self { file, collected: Vec::new() })
    }

    pub(super) fn append(&mut self, bytes: &[u8]) {
        self.collected.extend_from_slice(bytes);
    }

    /// Returns when everything appended is on the disk.
    pub(super) fn sync(&mut self) -> Result<(), Failure> {
        if self.collected.is_empty() {
            return Ok(());
        }
        self.file.write_all(&self.collected).map_err(|error| format!("cannot write messages: {error}"))?;
        self.file.sync_data().map_err(|error| format!("cannot sync messages: {error}"))?;
        self.collected.clear();
        Ok(())
    }
}
