//! The writer thread. It owns the only connection that writes, and commits in batches.
//!
//! Syncing the disk costs the same for one command as for two hundred, so all jobs that wait when the writer is ready share
//! a transaction and a sync. Each is decided on the facts that those before it have made. A job that is refused has no
//! mutations, so there is nothing to undo. If anything fails, the transaction is rolled back, and each job gets one of its
//! own.

use std::{
    mem,
    sync::{Arc, atomic::Ordering, mpsc::SyncSender},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use rusqlite::{Connection, params};
use tokio::sync::{mpsc, watch};

use crate::{
    domain::ConversationId,
    server::{
        rules::{Context, Ids, Mutation, advanced_read_mark},
        store::{
            clock_source::ClockSource,
            commit_log::Position,
            error::StoreError,
            feed::Delivery,
            feed_sender::FeedSender,
            group_commit::GroupCommit,
            job::Job,
            read_marks::{ReadMark, ReadMarks},
            sqlite::{
                cache::WriterCache, error::OpenError, quota::Quota, tables::Tables, wal_checkpoints::WriteCounters,
            },
            write_queue::{BatchKind, QueueReceiver, Work},
        },
    },
};

/// The most jobs that share a commit.
const MAX_BATCH: usize = 256;

/// After this many jobs the writer asks for a checkpoint.
const JOBS_PER_CHECKPOINT: usize = 16_384;

/// With this many jobs in a batch the writer is busy, and read marks wait for a later one.
const BUSY_BATCH: usize = 4;

/// How long read marks may wait while the writer is busy.
const READ_MARK_DELAY: Duration = Duration::from_millis(250);

/// How often the writer tries again to send what a slow receiver of the feed had no room for.
const FEED_RETRY: Duration = Duration::from_millis(10);

/// How often it tries that at the end.
const LAST_FEED_RETRIES: u32 = 100;

/// What the writer shares with the rest of the store.
pub(crate) struct SharedState {
    /// Read marks that wait to be saved.
    pub(crate) read_marks: Arc<ReadMarks>,
    pub(crate) feed: mpsc::Sender<Vec<Delivery>>,
    /// The position of the newest entry of the commit log.
    pub(crate) head: watch::Sender<Position>,
    /// Tells the checkpoint thread what there is to do.
    pub(crate) counters: Arc<WriteCounters>,
    /// Asks for a checkpoint.
    pub(crate) request_checkpoint: SyncSender<()>,
    pub(crate) quota: Option<Quota>,
    pub(crate) clock: Arc<dyn ClockSource>,
    pub(crate) lobby: ConversationId,
}

/// The state of the writer thread.
pub(crate) struct Writer {
    db: Connection,
    queue: QueueReceiver,
    shared: SharedState,
    feed: FeedSender,
    cache: WriterCache,
    /// Where new ids come from.
    ids: Box<dyn Ids>,
    group: GroupCommit,
    /// How many jobs were done since the last request for a checkpoint.
    jobs_since_checkpoint: usize,
    read_marks_saved_at: Instant,
    /// Whether the last commit left read marks for later.
    has_waiting_marks: bool,
}

/// What a transaction has written.
#[derive(Default)]
struct WrittenBatch {
    /// The entries of the commit log, in order.
    entries: Vec<Delivery>,
    /// The position of the newest entry.
    head: Position,
    /// For each job, how many entries there were after it.
    ends: Vec<usize>,
    /// The read marks that moved.
    marked: Vec<Delivery>,
    /// Whether data was erased that must not stay readable.
    has_erased: bool,
}

impl Writer {
    pub(crate) fn new(db: Connection, queue: QueueReceiver, shared: SharedState) -> Self {
        Self {
            db,
            queue,
            feed: FeedSender::new(shared.feed.clone()),
            ids: shared.clock.ids(),
            shared,
            cache: WriterCache::default(),
            group: GroupCommit::default(),
            jobs_since_checkpoint: 0,
            read_marks_saved_at: Instant::now(),
            has_waiting_marks: false,
        }
    }

    /// Does the jobs that come before all others, and then starts the thread.
    pub(crate) fn start(mut self, first: Vec<Box<dyn Job>>) -> Result<JoinHandle<()>, OpenError> {
        self.shared.head.send_replace(self.cache.head(&self.db)?);
        let mut first = first.into_iter().map(Work::Job).peekable();
        while first.peek().is_some() {
            let batch = first.by_ref().take(MAX_BATCH).collect();
            self.commit(batch);
        }
        thread::Builder::new().name("store-writer".into()).spawn(|| self.run()).map_err(OpenError::Thread)
    }

    fn run(mut self) {
        loop {
            let mut batch = Vec::with_capacity(MAX_BATCH);
            match self.queue.0.take_batch(&mut batch, MAX_BATCH, self.idle_timeout(), self.group) {
                BatchKind::Work | BatchKind::Idle => self.commit(batch),
                BatchKind::Closed => break,
            }
        }
        // The read marks that still wait.
        self.commit(Vec::new());
        for _ in 0..LAST_FEED_RETRIES {
            if !self.feed.has_kept() {
                break;
            }
            thread::sleep(FEED_RETRY);
            self.feed.send(Vec::new());
        }
    }

    /// When the writer has something to do although nobody wakes it.
    fn idle_timeout(&self) -> Option<Duration> {
        let marks = self.has_waiting_marks.then(|| READ_MARK_DELAY.saturating_sub(self.read_marks_saved_at.elapsed()));
        let feed = self.feed.has_kept().then_some(FEED_RETRY);
        marks.into_iter().chain(feed).min()
    }

    /// Does a batch and saves the waiting read marks, then replies and delivers.
    fn commit(&mut self, mut batch: Vec<Work>) {
        let marks = self.take_read_marks(batch.len() >= BUSY_BATCH);
        let count = batch.len();
        let mut deliveries = Vec::with_capacity(2 * count);
        let begin = Instant::now();
        if (count > 0 || !marks.is_empty()) && self.transact(&mut batch, &marks, &mut deliveries).is_err() {
            // Maybe one job fails only, and the others succeed.
            for work in batch {
                let mut alone = vec![work];
                if self.transact(&mut alone, &[], &mut deliveries).is_err() {
                    alone.into_iter().for_each(|work| work.finish(false, &mut deliveries));
                }
            }
            if !marks.is_empty() && self.transact(&mut Vec::new(), &marks, &mut deliveries).is_err() {
                self.shared.read_marks.put_back(&marks);
                self.has_waiting_marks = true;
            }
        }
        let arrived = (count + self.queue.0.len()).min(MAX_BATCH);
        self.group = self.group.after_commit(count, arrived, begin.elapsed());
        self.cache.limit();
        self.feed.send(deliveries);
    }

    fn take_read_marks(&mut self, is_busy: bool) -> Vec<ReadMark> {
        self.has_waiting_marks = is_busy && self.read_marks_saved_at.elapsed() < READ_MARK_DELAY;
        if self.has_waiting_marks {
            return Vec::new();
        }
        self.read_marks_saved_at = Instant::now();
        let (marks, are_left) = self.shared.read_marks.take(Position::START);
        self.has_waiting_marks = are_left;
        marks
    }

    /// Does everything in one transaction. After the commit, `batch` is empty, the callers have their replies, and
    /// `deliveries` has what is to be delivered. If it fails, which the log tells, nothing has changed.
    fn transact(
        &mut self,
        batch: &mut Vec<Work>,
        marks: &[ReadMark],
        deliveries: &mut Vec<Delivery>,
    ) -> Result<(), StoreError> {
        let written = self.write(batch, marks).inspect_err(|_| {
            self.cache = WriterCache::default();
            // SQLite itself rolls back on some errors, such as a full disk.
            if !self.db.is_autocommit()
                && let Err(error) = execute(&self.db, "ROLLBACK")
            {
                tracing::error!(%error, "a transaction cannot be rolled back");
            }
        })?;
        self.count_commit(batch.len(), written.has_erased);
        // Before anybody is told of an entry, it is where others look for it.
        self.shared.head.send_if_modified(|known| mem::replace(known, written.head) != written.head);
        let mut entries = written.entries.into_iter();
        let mut done = 0;
        for (work, end) in batch.drain(..).zip(written.ends) {
            deliveries.extend(entries.by_ref().take(end - done));
            done = end;
            work.finish(true, deliveries);
        }
        deliveries.extend(written.marked);
        Ok(())
    }

    fn write(&mut self, batch: &mut [Work], marks: &[ReadMark]) -> Result<WrittenBatch, StoreError> {
        execute(&self.db, "BEGIN IMMEDIATE")?;
        let has_room = self.shared.quota.as_mut().is_none_or(|quota| quota.has_room(&self.db));
        let now = self.shared.clock.now();
        let mut context = Context { now, ids: &mut *self.ids, lobby: self.shared.lobby };
        let mut tables = Tables { db: &self.db, cache: &mut self.cache };
        let mut written = WrittenBatch::default();
        for work in batch {
            match work {
                Work::Job(job) => {
                    let mut mutations = job.decide(&mut tables, &mut context)?;
                    if !has_room && job.takes_room() && !mutations.is_empty() {
                        job.refuse(StoreError::QuotaUsedUp);
                        mutations.clear();
                    }
                    for mutation in mutations {
                        written.has_erased |= mutation.erases();
                        written.entries.extend(tables.apply(mutation, now.machine)?);
                    }
                }
                Work::SaveConsumer { name, position, .. } => tables.run(
                    "INSERT INTO consumers (name, position) VALUES (?1, ?2)
                         ON CONFLICT DO UPDATE SET position = max(position, ?2)",
                    params![*name, *position],
                )?,
            }
            written.ends.push(written.entries.len());
        }
        for ReadMark { user, conversation, seq, known } in marks.iter().copied() {
            if let Some(seq) = advanced_read_mark(&mut tables, user, conversation, seq, known.0)? {
                tables.apply(Mutation::AdvanceReadMark { conversation, user, seq }, now.machine)?;
                written.marked.push(Delivery::MarkedRead { user, conversation, seq });
            }
        }
        tables.cache.save_marks(&self.db)?;
        written.head = tables.cache.head(&self.db)?;
        execute(&self.db, "COMMIT")?;
        Ok(written)
    }

    /// Tells the checkpoint thread of a commit.
    fn count_commit(&mut self, jobs: usize, has_erased: bool) {
        self.shared.counters.commits.fetch_add(1, Ordering::Relaxed);
        if has_erased {
            self.shared.counters.erasures.fetch_add(1, Ordering::Release);
        }
        self.jobs_since_checkpoint += jobs;
        if self.jobs_since_checkpoint >= JOBS_PER_CHECKPOINT {
            self.jobs_since_checkpoint = 0;
            // The channel holds one request, and one is enough.
            let _ = self.shared.request_checkpoint.try_send(());
        }
    }
}

fn execute(db: &Connection, statement: &str) -> Result<(), rusqlite::Error> {
    db.prepare_cached(statement)?.execute([]).map(drop)
}
