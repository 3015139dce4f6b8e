//! What the disk can do: durable messages are no faster than it syncs, unless many share a sync.

use std::{
    fs::File,
    io::{Seek as _, SeekFrom, Write as _},
    path::Path,
    time::{Duration, Instant},
};

use super::{durations::Durations, failure::Failure};

/// Writes 4 KiB and syncs, again and again; returns how often a second, and what it took.
pub(crate) fn measure(folder: &Path, length: Duration) -> Result<(f64, Durations), Failure> {
    let folder = tempfile::Builder::new().prefix("speed-").tempdir_in(folder)?;
    let mut file = File::create(folder.path().join("synced"))?;
    // As a log that is written over, which SQLite's is after its first round: no new blocks, nothing but the data.
    file.write_all(&vec![0; 1024 * 1024])?;
    file.sync_all()?;
    let (mut durations, start, block) = (Durations::default(), Instant::now(), [1; 4096]);
    while start.elapsed() < length {
        if durations.len() % 256 == 0 {
            file.seek(SeekFrom::Start(0))?;
        }
        let sync_started = Instant::now();
        file.write_all(&block)?;
        file.sync_data()?;
        durations.record(sync_started.elapsed());
    }
    Ok((f64::from(u32::try_from(durations.len())?) / start.elapsed().as_secs_f64(), durations))
}
