//! Moving committed pages from the write-ahead log into the database, off the writer's path.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use rusqlite::Connection;

use super::open::{OpenError, open_checkpointer};

/// How often to look whether there is something to move.
const INTERVAL: Duration = Duration::from_secs(3);

/// Readers can keep the log from starting anew; from this size on it is emptied by force.
const LARGEST_LOG_BYTES: u64 = 64 * 1024 * 1024;

/// The thread that checkpoints. Dropping it ends the thread.
#[derive(Debug)]
pub(super) struct Checkpoints {
    stop: Sender<()>,
    thread: JoinHandle<()>,
}

/// How long a forced checkpoint waits for the writer to pause.
const TRUNCATE_PATIENCE: Duration = Duration::from_millis(500);

impl Checkpoints {
    /// `commits` counts the writer's commits.
    pub(super) fn start(database: &Path, commits: Arc<AtomicU64>) -> Result<Self, OpenError> {
        let db = open_checkpointer(database)?;
        let log = log_of(database);
        let (stop, stopped) = channel();
        let thread = thread::Builder::new()
            .name("store-checkpoints".into())
            .spawn(move || run(&db, &log, &commits, &stopped))
            .map_err(OpenError::Thread)?;
        Ok(Self { stop, thread })
    }

    /// Waits for a checkpoint that is under way, and ends the thread.
    pub(super) fn stop(self) {
        drop(self.stop);
        if self.thread.join().is_err() {
            tracing::error!("the checkpoint thread panicked");
        }
    }
}

fn log_of(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push("-wal");
    name.into()
}

fn run(db: &Connection, log: &Path, commits: &AtomicU64, stopped: &Receiver<()>) {
    let mut done = 0;
    while stopped.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Timeout) {
        let now = commits.load(Ordering::Relaxed);
        if now == done {
            continue;
        }
        match checkpoint(db, log) {
            // Another connection was in the way of a part: try again next time.
            Ok(Outcome::Partial) => {}
            Ok(Outcome::Complete) => done = now,
            Err(error) => tracing::warn!(%error, "a checkpoint failed; the log keeps what it holds"),
        }
    }
}

enum Outcome {
    Complete,
    Partial,
}

fn checkpoint(db: &Connection, log: &Path) -> Result<Outcome, rusqlite::Error> {
    let size = fs::metadata(log).map(|file| file.len()).or_else(|error| match error.kind() {
        io::ErrorKind::NotFound => Ok(0),
        _ => Err(error),
    });
    // A log that has grown too large is worth holding the writer up for a moment; otherwise nobody waits.
    let is_small = size.is_ok_and(|size| size <= LARGEST_LOG_BYTES);
    let (kind, patience) = if is_small { ("PASSIVE", Duration::ZERO) } else { ("TRUNCATE", TRUNCATE_PATIENCE) };
    db.busy_timeout(patience)?;
    db.query_row(&format!("PRAGMA wal_checkpoint({kind})"), [], |row| {
        let (busy, pages, moved): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(if busy == 0 && pages == moved { Outcome::Complete } else { Outcome::Partial })
    })
}
