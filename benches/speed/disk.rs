//! Measures the disk: a durable message is no faster than a sync, unless many messages share one.

use std::{
    fs::File,
    io::{Seek as _, SeekFrom, Write as _},
    path::Path,
    time::{Duration, Instant},
};

use super::{durations::Durations, failure::Failure};

/// Writes and syncs 4 KiB repeatedly. Returns how many syncs per second, and how long each took.
pub(crate) fn measure(folder: &Path, length: Duration) -> Result<(f64, Durations), Failure> {
    let folder = tempfile::Builder::new().prefix("speed-").tempdir_in(folder)?;
    let mut file = File::create(folder.path().join("synced"))?;
    // Overwrites existing blocks, as SQLite does in its write-ahead log after the first round, so that only data is
    // synced.
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
