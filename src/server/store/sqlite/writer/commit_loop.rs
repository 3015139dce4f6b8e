//! The writer thread. It owns the only connection that writes, and commits in batches.
//!
//! Syncing the disk costs the same for one command as for two hundred, so all jobs that wait when the writer is ready share
//! a transaction and a sync. A job that is refused does not affect the others: it has a savepoint of its own, unless it
//! checks everything before it writes anything (the fast path).

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::SyncSender,
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use rusqlite::Connection;
use tokio::sync::mpsc;

use crate::{
    domain::ConversationId,
    server::store::{
        commits::Committed,
        error::StoreError,
        sqlite::{
            error::OpenError,
            quota::Quota,
            tables::{
                read_marks::{ReadMark, ReadMarks},
                staging::Staging,
            },
            wal_checkpoints::WriteCounters,
            writer::{
                cache::WriterCache,
                group_commit::GroupCommit,
                job::{FastPathContext, FastPathOutcome, Job},
                queue::{BatchKind, QueueReceiver},
            },
        },
    },
};

/// The most jobs that share a commit.
const MAX_BATCH: usize = 256;

/// After this many jobs the writer asks for a checkpoint.
const JOBS_PER_CHECKPOINT: usize = 16_384;

/// Messages go to the staging table if a batch has messages for at least this many conversations. With fewer, a commit
/// changes few pages anyway.
const MIN_CONVERSATIONS_TO_STAGE: usize = 4;

/// With this many staged messages the writer starts to flush them even while it is busy.
const MAX_STAGED_MESSAGES: usize = 8_192;

/// The most messages that one commit flushes.
const MAX_FLUSH: usize = 2_048;

/// How long after a failure the writer tries again to load the staging table.
const RETRY_DELAY: Duration = Duration::from_millis(500);

/// How long read marks may wait while the writer is busy.
const READ_MARK_DELAY: Duration = Duration::from_millis(250);

/// What the writer shares with the rest of the store.
pub(crate) struct SharedState {
    /// Read marks that wait to be saved.
    pub(crate) read_marks: Arc<ReadMarks>,
    pub(crate) feed: mpsc::Sender<Vec<Committed>>,
    /// Tells the checkpoint thread what there is to do.
    pub(crate) counters: Arc<WriteCounters>,
    /// Asks for a checkpoint.
    pub(crate) request_checkpoint: SyncSender<()>,
    /// Whether some acknowledged messages are only staged, so that reads need the read barrier.
    pub(crate) has_staged: Arc<AtomicBool>,
    pub(crate) quota: Option<Quota>,
}

/// The state of the writer thread.
pub(crate) struct Writer {
    db: Connection,
    queue: QueueReceiver,
    shared: SharedState,
    /// How many jobs were done since the last request for a checkpoint.
    jobs_since_checkpoint: usize,
    cache: WriterCache,
    /// `None` after a failure: it must be loaded from the database again.
    staging: Option<Staging>,
    /// How long after the last commit the staging table is flushed.
    flush_delay: Duration,
    group: GroupCommit,
    read_marks_saved_at: Instant,
    /// Whether the last commit left read marks for later.
    has_waiting_marks: bool,
    /// Whether the last transaction has erased data.
    has_erased: bool,
}

/// Why a transaction was rolled back.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Database(#[from] rusqlite::Error),
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A change without a savepoint failed. The log has the cause.
    #[error("a change failed half-way")]
    HalfWay,
}

/// How a batch of jobs is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum WriteMode {
    /// Messages go to the staging table; other jobs have a savepoint.
    Staged,
    /// Messages go to their tables without a savepoint; other jobs have a savepoint.
    NoSavepoint,
    /// Every job has a savepoint.
    Savepoints,
}

impl Writer {
    pub(crate) fn new(db: Connection, queue: QueueReceiver, shared: SharedState, flush_delay: Duration) -> Self {
        Self {
            db,
            queue,
            shared,
            jobs_since_checkpoint: 0,
            cache: WriterCache::default(),
            staging: Some(Staging::default()),
            flush_delay,
            group: GroupCommit::default(),
            read_marks_saved_at: Instant::now(),
            has_waiting_marks: false,
            has_erased: false,
        }
    }

    pub(crate) fn start(self) -> Result<JoinHandle<()>, OpenError> {
        thread::Builder::new().name("store-writer".into()).spawn(|| self.run()).map_err(OpenError::Thread)
    }

    fn run(mut self) {
        let mut jobs = Vec::with_capacity(MAX_BATCH);
        loop {
            let idle_timeout = match &self.staging {
                Some(staging) => (self.has_waiting_marks || !staging.is_empty()).then_some(self.flush_delay),
                None => Some(RETRY_DELAY),
            };
            match self.queue.0.take_batch(&mut jobs, MAX_BATCH, idle_timeout, self.group) {
                BatchKind::Work | BatchKind::Idle => drop(self.commit(&mut jobs)),
                BatchKind::Closed => break,
            }
        }
        // Messages that cannot be flushed now are flushed when the store is opened again.
        while self.staging.as_ref().is_some_and(|staging| !staging.is_empty()) && self.commit(&mut jobs).is_ok() {}
    }

    /// Does `jobs` and saves the waiting read marks in one transaction, then replies. Without jobs, flushes some staged
    /// messages. An error has already been logged and sent to the callers.
    fn commit(&mut self, jobs: &mut Vec<Box<dyn Job>>) -> Result<(), Failure> {
        let is_busy = has_many_conversations(jobs);
        self.has_waiting_marks = is_busy && self.read_marks_saved_at.elapsed() < READ_MARK_DELAY;
        let marks = if self.has_waiting_marks { Vec::new() } else { self.take_read_marks() };
        let has_room = self.shared.quota.as_mut().is_none_or(|quota| quota.has_room(&self.db));
        let mode = match (has_room, is_busy) {
            // Without room, each job must be allowed or refused by itself.
            (false, _) => WriteMode::Savepoints,
            (true, true) => WriteMode::Staged,
            (true, false) => WriteMode::NoSavepoint,
        };
        let begin = Instant::now();
        // A batch that fails without savepoints may fail for one job only: with savepoints the others succeed.
        let result = self
            .transact(jobs, &marks, mode, has_room)
            .or_else(|_| self.transact(jobs, &marks, WriteMode::Savepoints, has_room));
        let is_committed = result.is_ok();
        let job_count = jobs.len();
        let arrived = (job_count + self.queue.0.len()).min(MAX_BATCH);
        self.group = self.group.after_commit(job_count, arrived, begin.elapsed());
        if is_committed {
            // Before any reply: a caller who reads after the reply must find what was written.
            let has_staged = self.staging.as_ref().is_some_and(|staging| !staging.is_empty());
            self.shared.has_staged.store(has_staged, Ordering::SeqCst);
        } else if let Err(error) = self.read_in_rolled_back_transaction(jobs) {
            tracing::error!(%error, "the messages that were written last cannot be read");
        }
        let mut changes = Vec::with_capacity(2 * job_count);
        jobs.drain(..).for_each(|job| job.finish(is_committed, &mut changes));
        let result = match result {
            Ok(moved_marks) => {
                self.count_commit(job_count);
                changes.extend(moved_marks);
                Ok(())
            }
            Err(error) => {
                tracing::error!(%error, "a commit failed and was rolled back");
                self.shared.read_marks.put_back(marks);
                Err(error)
            }
        };
        // Without a receiver there are no connections.
        if !changes.is_empty() && self.shared.feed.blocking_send(changes).is_err() {
            tracing::debug!("the receiver of the commit feed is gone");
        }
        result
    }

    /// Tells the checkpoint thread of a commit.
    fn count_commit(&mut self, job_count: usize) {
        self.shared.counters.commits.fetch_add(1, Ordering::Relaxed);
        if self.has_erased {
            self.shared.counters.erasures.fetch_add(1, Ordering::Release);
        }
        self.jobs_since_checkpoint += job_count;
        if self.jobs_since_checkpoint >= JOBS_PER_CHECKPOINT {
            self.jobs_since_checkpoint = 0;
            // The channel holds one request, and one is enough.
            let _ = self.shared.request_checkpoint.try_send(());
        }
    }

    /// Runs the barrier reads of a failed batch in a transaction that flushes the staging table and is rolled back, so that
    /// a full disk does not stop reading.
    fn read_in_rolled_back_transaction(&self, jobs: &mut [Box<dyn Job>]) -> Result<(), Failure> {
        if !jobs.iter().any(|job| job.is_read()) {
            return Ok(());
        }
        self.execute("BEGIN IMMEDIATE")?;
        let flushed = Staging::load(&self.db).and_then(|mut staging| staging.flush_all(&self.db));
        if flushed.is_ok() {
            jobs.iter_mut().for_each(|job| job.read_uncommitted(&self.db));
        }
        if !self.db.is_autocommit() {
            self.execute("ROLLBACK")?;
        }
        Ok(flushed?)
    }

    fn take_read_marks(&mut self) -> Vec<ReadMark> {
        self.read_marks_saved_at = Instant::now();
        self.shared.read_marks.take()
    }

    /// Runs a transaction. Returns the read marks that moved.
    fn transact(
        &mut self,
        jobs: &mut [Box<dyn Job>],
        marks: &[ReadMark],
        mode: WriteMode,
        has_room: bool,
    ) -> Result<Vec<Committed>, Failure> {
        self.execute("BEGIN IMMEDIATE")?;
        // Dropped if this fails: then only the database knows what is staged.
        let staging = self.staging.take();
        let result = self.write_batch(staging, jobs, marks, mode, has_room).and_then(|(staging, moved_marks)| {
            self.execute("COMMIT")?;
            Ok((staging, moved_marks))
        });
        match result {
            Ok((staging, moved_marks)) => {
                self.staging = Some(staging);
                Ok(moved_marks)
            }
            Err(failure) => {
                self.cache.clear();
                // SQLite itself rolls back on some errors, such as a full disk.
                if !self.db.is_autocommit() {
                    self.execute("ROLLBACK")?;
                }
                Err(failure)
            }
        }
    }

    /// Does everything within the transaction. Returns what is staged now, and the read marks that moved.
    fn write_batch(
        &mut self,
        staging: Option<Staging>,
        jobs: &mut [Box<dyn Job>],
        marks: &[ReadMark],
        mode: WriteMode,
        has_room: bool,
    ) -> Result<(Staging, Vec<Committed>), Failure> {
        let Self { db, cache, has_erased, .. } = self;
        *has_erased = false;
        let mut staging = staging.map_or_else(|| Staging::load(db), Ok)?;
        let is_idle = jobs.is_empty();
        for job in jobs.iter_mut() {
            if mode != WriteMode::Savepoints {
                let is_staged = mode == WriteMode::Staged;
                match job.try_fast_path(&mut FastPathContext { db, cache, staging: &mut staging, is_staged }) {
                    FastPathOutcome::Done => continue,
                    FastPathOutcome::NotApplicable => {}
                    FastPathOutcome::Failed => return Err(Failure::HalfWay),
                }
            }
            staging.flush_all(db)?;
            cache.save(db)?;
            within_savepoint(db, |db| {
                let is_done = job.apply(db, has_room);
                *has_erased |= is_done && job.erases();
                is_done
            })?;
            cache.clear();
        }
        staging.save(db)?;
        let must_flush = is_idle || staging.len() >= MAX_STAGED_MESSAGES;
        staging.flush_some(db, if must_flush { MAX_FLUSH } else { 0 })?;
        cache.save(db)?;
        let mut moved_marks = Vec::new();
        for mark in marks {
            staging.flush_conversation(db, mark.conversation())?;
            moved_marks.extend(mark.apply(db)?);
        }
        Ok((staging, moved_marks))
    }

    fn execute(&self, statement: &str) -> Result<(), rusqlite::Error> {
        execute(&self.db, statement)
    }
}

/// Whether the batch has messages for at least [`MIN_CONVERSATIONS_TO_STAGE`] conversations.
fn has_many_conversations(jobs: &[Box<dyn Job>]) -> bool {
    let mut found: Vec<ConversationId> = Vec::with_capacity(MIN_CONVERSATIONS_TO_STAGE);
    for conversation in jobs.iter().filter_map(|job| job.message_conversation()) {
        if !found.contains(&conversation) {
            found.push(conversation);
        }
        if found.len() == MIN_CONVERSATIONS_TO_STAGE {
            return true;
        }
    }
    false
}

fn within_savepoint(db: &Connection, change: impl FnOnce(&Connection) -> bool) -> Result<(), rusqlite::Error> {
    execute(db, "SAVEPOINT one")?;
    if !change(db) {
        // Fails if SQLite has rolled back the whole transaction, and then the batch fails.
        execute(db, "ROLLBACK TO one")?;
    }
    execute(db, "RELEASE one")
}

fn execute(db: &Connection, statement: &str) -> Result<(), rusqlite::Error> {
    db.prepare_cached(statement)?.execute([]).map(drop)
}
