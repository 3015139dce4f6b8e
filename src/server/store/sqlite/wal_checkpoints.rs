//! WAL checkpoints: a thread that moves committed pages from the write-ahead log into the database, so that the writer does
//! not have to. It also truncates the log when it may still hold erased data.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use rusqlite::Connection;

use crate::server::store::sqlite::{error::OpenError, open::open_checkpointer};

/// How often the thread looks whether there is something to do.
const INTERVAL: Duration = Duration::from_secs(3);

/// With this many pages in the log, a checkpoint blocks the writer for a moment, so that the log restarts at its beginning:
/// overwriting a file costs less than growing it.
const RESTART_PAGES: i64 = 4 * 1024;

/// Readers can keep the log from restarting. From this size on, a checkpoint blocks until it can truncate the log.
const MAX_LOG_BYTES: u64 = 128 * 1024 * 1024;

/// How long a blocking checkpoint waits for the writer and for readers.
const BLOCKING_TIMEOUT: Duration = Duration::from_millis(500);

/// How long there is no blocking checkpoint after a reader has made one fail. A long read, such as a backup, takes time, and
/// each attempt blocks the writer.
const RETRY_PAUSE: Duration = Duration::from_secs(20);

/// How long truncating the log waits for readers, once all pages have been moved. The writer is blocked meanwhile.
const TRUNCATE_TIMEOUT: Duration = Duration::from_millis(100);

/// Counts of what the writer has done.
#[derive(Debug, Default)]
pub(crate) struct WriteCounters {
    /// Commits.
    pub(crate) commits: AtomicU64,
    /// Commits that erased data which must not stay readable: a message, a session, a password.
    pub(crate) erasures: AtomicU64,
}

/// The checkpoint thread. It ends when this and all senders of [requests](Self::requests) are gone.
#[derive(Debug)]
pub(crate) struct Checkpoints {
    requests: SyncSender<()>,
    thread: JoinHandle<()>,
}

impl Checkpoints {
    /// Starts the thread. It reads in `counters` what the writer has done.
    pub(crate) fn start(database: &Path, counters: Arc<WriteCounters>) -> Result<Self, OpenError> {
        let db = open_checkpointer(database)?;
        let log = log_path(database);
        let (requests, received) = sync_channel(1);
        let thread = thread::Builder::new()
            .name("store-checkpoints".into())
            .spawn(move || run(&db, &log, &counters, &received))
            .map_err(OpenError::Thread)?;
        Ok(Self { requests, thread })
    }

    /// A sender that asks for a checkpoint. The channel holds one request.
    pub(crate) fn requests(&self) -> SyncSender<()> {
        self.requests.clone()
    }

    /// Ends the thread. Waits for a running checkpoint, and for the log to be truncated.
    pub(crate) fn stop(self) {
        drop(self.requests);
        if self.thread.join().is_err() {
            tracing::error!("the checkpoint thread panicked");
        }
    }
}

/// The path of the write-ahead log.
fn log_path(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push("-wal");
    name.into()
}

fn run(db: &Connection, log: &Path, counters: &WriteCounters, requests: &Receiver<()>) {
    // The number of commits at the last complete checkpoint.
    let mut moved_commits = 0;
    let mut blocked_at: Option<Instant> = None;
    // The number of erasures when the log was last truncated. `None`: the log may hold what an earlier process has erased.
    let mut truncated_erasures = None;
    loop {
        let commits = counters.commits.load(Ordering::Relaxed);
        let erasures = counters.erasures.load(Ordering::Acquire);
        if truncated_erasures != Some(erasures) {
            match truncate(db) {
                Ok(true) => (truncated_erasures, moved_commits) = (Some(erasures), commits),
                Ok(false) => blocked_at = Some(Instant::now()),
                Err(error) => {
                    tracing::warn!(%error, "cannot truncate the write-ahead log: it still holds deleted data");
                }
            }
        } else if commits != moved_commits {
            let may_block = blocked_at.is_none_or(|at| at.elapsed() >= RETRY_PAUSE);
            match checkpoint(db, log, may_block) {
                Ok(CheckpointOutcome::Complete) => moved_commits = commits,
                // Another connection kept some pages from being moved: try again next time.
                Ok(CheckpointOutcome::Partial) => {}
                Ok(CheckpointOutcome::Blocked) => blocked_at = Some(Instant::now()),
                Err(error) => tracing::warn!(%error, "a checkpoint failed; the write-ahead log keeps its pages"),
            }
        }
        if requests.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Disconnected) {
            break;
        }
        // One checkpoint serves all requests.
        requests.try_iter().for_each(drop);
    }
    match truncate(db) {
        Ok(true) => {}
        Ok(false) => tracing::warn!(
            "another process reads the database: the write-ahead log was not truncated and may hold deleted data"
        ),
        Err(error) => tracing::warn!(%error, "cannot truncate the write-ahead log: it may hold deleted data"),
    }
}

/// Moves all pages, then truncates the log. Erased data is overwritten in the database, but the log still has the pages as
/// they were before. Returns `false` if another connection prevented it; then it is tried again.
fn truncate(db: &Connection) -> Result<bool, rusqlite::Error> {
    // A passive checkpoint does the longer part without blocking anybody.
    move_pages(db, "PASSIVE", Duration::ZERO)?;
    Ok(move_pages(db, "TRUNCATE", TRUNCATE_TIMEOUT)?.is_complete())
}

enum CheckpointOutcome {
    /// All pages were moved.
    Complete,
    /// Some pages were left for the next time.
    Partial,
    /// Some pages were left although the checkpoint blocked the writer.
    Blocked,
}

fn checkpoint(db: &Connection, log: &Path, may_block: bool) -> Result<CheckpointOutcome, rusqlite::Error> {
    let size = fs::metadata(log).map(|file| file.len()).or_else(|error| match error.kind() {
        io::ErrorKind::NotFound => Ok(0),
        _ => Err(error),
    });
    let block = |kind| {
        let is_complete = move_pages(db, kind, BLOCKING_TIMEOUT)?.is_complete();
        Ok(if is_complete { CheckpointOutcome::Complete } else { CheckpointOutcome::Blocked })
    };
    // A passive checkpoint blocks nobody, and does the longer part. Pages that are committed meanwhile are left for the next.
    let moved = move_pages(db, "PASSIVE", Duration::ZERO)?;
    if may_block && !size.is_ok_and(|size| size <= MAX_LOG_BYTES) {
        return block("TRUNCATE");
    }
    // While commits come all the time, the log never begins anew by itself, even if all pages were moved that were there when
    // the checkpoint began. The writer waits only for the pages that came since.
    if may_block && moved.in_log >= RESTART_PAGES {
        return block("RESTART");
    }
    Ok(if moved.is_complete() { CheckpointOutcome::Complete } else { CheckpointOutcome::Partial })
}

/// The row that `PRAGMA wal_checkpoint` returns; counts are pages.
struct Progress {
    was_blocked: bool,
    in_log: i64,
    moved: i64,
}

impl Progress {
    fn is_complete(&self) -> bool {
        !self.was_blocked && self.in_log == self.moved
    }
}

fn move_pages(db: &Connection, kind: &str, timeout: Duration) -> Result<Progress, rusqlite::Error> {
    db.busy_timeout(timeout)?;
    db.query_row(&format!("PRAGMA wal_checkpoint({kind})"), [], |row| {
        Ok(Progress { was_blocked: row.get(0)?, in_log: row.get(1)?, moved: row.get(2)? })
    })
}
