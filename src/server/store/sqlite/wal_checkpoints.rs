//! Moving committed pages from the write-ahead log into the database, off the writer's path; and emptying the log when it
//! still holds what somebody has deleted.

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

/// How often to look whether there is something to move.
const INTERVAL: Duration = Duration::from_secs(3);

/// From so many pages on, the writer is held up for a moment, so that the log can start anew from its beginning: a file
/// that is written over costs less than one that grows.
const MANY_PAGES: i64 = 4 * 1024;

/// Readers can keep the log from starting anew; from this size on it is emptied by force.
const LARGEST_LOG_BYTES: u64 = 128 * 1024 * 1024;

/// How long a checkpoint waits for the writer to pause, and for readers to end.
const PATIENCE: Duration = Duration::from_millis(500);

/// How long nothing is forced after a reader has been in the way: one that reads everything, as a backup does, takes its
/// time, and each try holds the writer up.
const REST: Duration = Duration::from_secs(20);

/// How long emptying the log, once all of it was moved, waits for readers. The writer waits as long.
const SHORT_PATIENCE: Duration = Duration::from_millis(100);

/// What the writer has done so far.
#[derive(Debug, Default)]
pub(crate) struct Done {
    /// How often it has committed.
    pub(crate) commits: AtomicU64,
    /// How often it has committed the end of something that must not stay legible: a message, a session, a password.
    pub(crate) erasures: AtomicU64,
}

/// The thread that checkpoints. It ends when this and all its [nudges](Self::nudges) are gone.
#[derive(Debug)]
pub(crate) struct Checkpoints {
    nudges: SyncSender<()>,
    thread: JoinHandle<()>,
}

impl Checkpoints {
    /// `done` counts what the writer does.
    pub(crate) fn start(database: &Path, done: Arc<Done>) -> Result<Self, OpenError> {
        let db = open_checkpointer(database)?;
        let log = log_of(database);
        let (nudges, wishes) = sync_channel(1);
        let thread = thread::Builder::new()
            .name("store-checkpoints".into())
            .spawn(move || run(&db, &log, &done, &wishes))
            .map_err(OpenError::Thread)?;
        Ok(Self { nudges, thread })
    }

    /// For whoever has written much.
    pub(crate) fn nudges(&self) -> SyncSender<()> {
        self.nudges.clone()
    }

    /// Waits for a checkpoint that is under way and for the log to be emptied, and ends the thread.
    pub(crate) fn stop(self) {
        drop(self.nudges);
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

fn run(db: &Connection, log: &Path, done: &Done, wishes: &Receiver<()>) {
    let mut moved = 0;
    let mut held_up_at: Option<Instant> = None;
    // What was erased before the log was emptied last. Nothing is known yet of what an earlier process has left in it.
    let mut emptied_after = None;
    loop {
        let now = done.commits.load(Ordering::Relaxed);
        let erasures = done.erasures.load(Ordering::Acquire);
        if emptied_after != Some(erasures) {
            match empty(db) {
                Ok(true) => (emptied_after, moved) = (Some(erasures), now),
                Ok(false) => held_up_at = Some(Instant::now()),
                Err(error) => tracing::warn!(%error, "the log could not be emptied: it still holds what was deleted"),
            }
        } else if now != moved {
            let may_force = held_up_at.is_none_or(|at| at.elapsed() >= REST);
            match checkpoint(db, log, may_force) {
                Ok(CheckpointOutcome::Complete) => moved = now,
                // Another connection was in the way of a part: try again next time.
                Ok(CheckpointOutcome::Partial) => {}
                Ok(CheckpointOutcome::HeldUp) => held_up_at = Some(Instant::now()),
                Err(error) => tracing::warn!(%error, "a checkpoint failed; the log keeps what it holds"),
            }
        }
        if wishes.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Disconnected) {
            break;
        }
        // One is enough for all.
        wishes.try_iter().for_each(drop);
    }
    match empty(db) {
        Ok(true) => {}
        Ok(false) => tracing::warn!("somebody reads the data: the log was not emptied, and may hold what was deleted"),
        Err(error) => tracing::warn!(%error, "the log could not be emptied: it may hold what was deleted"),
    }
}

/// Moves all pages, then cuts the log off: what was deleted is overwritten in the database, but the log still has the pages
/// as they were before. `false` if somebody was in the way; then it is tried again at the next look.
fn empty(db: &Connection) -> Result<bool, rusqlite::Error> {
    // Nobody waits for the longer part.
    move_pages(db, "PASSIVE", Duration::ZERO)?;
    Ok(move_pages(db, "TRUNCATE", SHORT_PATIENCE)?.is_complete())
}

enum CheckpointOutcome {
    /// Everything was moved.
    Complete,
    /// Something was left for the next time.
    Partial,
    /// So it was, although the writer was held up for it.
    HeldUp,
}

fn checkpoint(db: &Connection, log: &Path, may_force: bool) -> Result<CheckpointOutcome, rusqlite::Error> {
    let size = fs::metadata(log).map(|file| file.len()).or_else(|error| match error.kind() {
        io::ErrorKind::NotFound => Ok(0),
        _ => Err(error),
    });
    let force = |kind| {
        let is_complete = move_pages(db, kind, PATIENCE)?.is_complete();
        Ok(if is_complete { CheckpointOutcome::Complete } else { CheckpointOutcome::HeldUp })
    };
    if may_force && !size.is_ok_and(|size| size <= LARGEST_LOG_BYTES) {
        return force("TRUNCATE");
    }
    // Nobody waits for this one; what is committed meanwhile is left for the next.
    let moved = move_pages(db, "PASSIVE", Duration::ZERO)?;
    if moved.is_complete() {
        return Ok(CheckpointOutcome::Complete);
    }
    if may_force && moved.in_log >= MANY_PAGES { force("RESTART") } else { Ok(CheckpointOutcome::Partial) }
}

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

fn move_pages(db: &Connection, kind: &str, patience: Duration) -> Result<Progress, rusqlite::Error> {
    db.busy_timeout(patience)?;
    db.query_row(&format!("PRAGMA wal_checkpoint({kind})"), [], |row| {
        Ok(Progress { was_blocked: row.get(0)?, in_log: row.get(1)?, moved: row.get(2)? })
    })
}
