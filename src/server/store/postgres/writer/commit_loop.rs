//! The writer thread: takes batches from the queue, gets each committed, and replies.
//!
//! A lost connection is no failure of a command: the batch is tried again on a new connection, for some seconds. Whether a
//! commit whose answer was lost has happened is found out before that. Only then a command fails, and its sender learns that
//! the store is not available.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use tokio::{
    runtime::{Builder, Runtime},
    sync::{mpsc, watch},
    time::sleep,
};
use uuid::Uuid;

use crate::{
    domain::ConversationId,
    server::store::{
        clock_source::ClockSource,
        commit_log::Position,
        feed::Delivery,
        feed_sender::FeedSender,
        group_commit::GroupCommit,
        postgres::{
            connect::Database,
            pool::Pool,
            writer::{
                connection::{WriteError, WriterConnection},
                rehearsal::Predictions,
                retried_ids::RetriedIds,
                transaction::{Attempted, CommitAttempt, CommittedBatch},
            },
        },
        read_marks::{ReadMark, ReadMarks},
        write_queue::{BatchKind, QueueReceiver, Work},
    },
};

/// The most jobs that share a commit.
const MAX_BATCH: usize = 1_000;

/// With this many jobs in a batch the writer is busy, and read marks wait for a later one.
const BUSY_BATCH: usize = 4;

/// How long read marks may wait while the writer is busy.
const READ_MARK_DELAY: Duration = Duration::from_millis(250);

/// How often the writer tries again to send what a slow receiver of the feed had no room for.
const FEED_RETRY: Duration = Duration::from_millis(10);

/// How often it tries that at the end.
const LAST_FEED_RETRIES: u32 = 100;

/// How long a batch is tried before its commands fail: longer than a database takes to start again or to fail over.
const GIVE_UP: Duration = Duration::from_secs(15);

/// How long a batch is tried after the one before it has failed: commands are refused soon while there is no database.
const GIVE_UP_SOON: Duration = Duration::from_secs(1);

/// The pause between attempts to connect.
const RECONNECT_PAUSE: Duration = Duration::from_millis(100);

/// What the writer shares with the rest of the store.
#[derive(Debug)]
pub(in crate::server::store::postgres) struct NodeState {
    /// Identifies this writer to the others.
    pub(in crate::server::store::postgres) writer: Uuid,
    pub(in crate::server::store::postgres) read_marks: Arc<ReadMarks>,
    pub(in crate::server::store::postgres) feed: mpsc::Sender<Vec<Delivery>>,
    /// The position of the newest entry of the commit log that this node knows of.
    pub(in crate::server::store::postgres) head: Arc<watch::Sender<Position>>,
    /// The connections for reading.
    pub(in crate::server::store::postgres) pool: Arc<Pool>,
    /// Whether the last batch could be written.
    pub(in crate::server::store::postgres) is_writing: Arc<AtomicBool>,
    pub(in crate::server::store::postgres) clock: Arc<dyn ClockSource>,
    pub(in crate::server::store::postgres) lobby: ConversationId,
}

/// The state of the writer thread.
pub(in crate::server::store::postgres) struct NodeWriter {
    database: Database,
    runtime: Runtime,
    queue: QueueReceiver,
    shared: NodeState,
    feed: FeedSender,
    connection: Option<WriterConnection>,
    predictions: Predictions,
    ids: RetriedIds,
    /// The number of the last attempt.
    batch: i64,
    group: GroupCommit,
    read_marks_saved_at: Instant,
    /// Whether the last commit left read marks for later.
    has_waiting_marks: bool,
}

impl NodeWriter {
    /// Starts the thread.
    pub(in crate::server::store::postgres) fn start(
        database: Database,
        queue: QueueReceiver,
        shared: NodeState,
    ) -> Result<JoinHandle<()>, io::Error> {
        let writer = Self {
            database,
            runtime: Builder::new_current_thread().enable_all().build()?,
            queue,
            feed: FeedSender::new(shared.feed.clone()),
            ids: RetriedIds::new(shared.clock.ids()),
            shared,
            connection: None,
            predictions: Predictions::default(),
            batch: 0,
            group: GroupCommit::default(),
            read_marks_saved_at: Instant::now(),
            has_waiting_marks: false,
        };
        thread::Builder::new().name("store-writer".into()).spawn(|| writer.run())
    }

    fn run(mut self) {
        loop {
            let mut batch = Vec::new();
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
    fn commit(&mut self, batch: Vec<Work>) {
        let marks = self.take_read_marks(batch.len() >= BUSY_BATCH);
        let count = batch.len();
        let mut deliveries = Vec::with_capacity(2 * count);
        let begin = Instant::now();
        if count > 0 || !marks.is_empty() {
            self.commit_or_fail(batch, &marks, &mut deliveries);
        }
        let arrived = (count + self.queue.0.len()).min(MAX_BATCH);
        self.group = self.group.after_commit(count, arrived, begin.elapsed());
        self.feed.send(deliveries);
    }

    fn take_read_marks(&mut self, is_busy: bool) -> Vec<ReadMark> {
        self.has_waiting_marks = is_busy && self.read_marks_saved_at.elapsed() < READ_MARK_DELAY;
        if self.has_waiting_marks {
            return Vec::new();
        }
        self.read_marks_saved_at = Instant::now();
        let (marks, are_left) = self.shared.read_marks.take(*self.shared.head.borrow());
        self.has_waiting_marks = are_left;
        marks
    }

    fn commit_or_fail(&mut self, mut batch: Vec<Work>, marks: &[ReadMark], deliveries: &mut Vec<Delivery>) {
        match self.persist(&mut batch, marks) {
            Ok(written) => self.finish(batch, written, deliveries),
            Err(WriteError::Connection) => {
                batch.into_iter().for_each(|work| work.finish(false, deliveries));
                self.keep_marks(marks);
            }
            // Maybe one job fails only, and the others succeed.
            Err(WriteError::Statement) => {
                for work in batch {
                    let mut alone = vec![work];
                    match self.persist(&mut alone, &[]) {
                        Ok(written) => self.finish(alone, written, deliveries),
                        Err(_logged) => alone.into_iter().for_each(|work| work.finish(false, deliveries)),
                    }
                }
                match self.persist(&mut [], marks) {
                    Ok(written) => self.finish(Vec::new(), written, deliveries),
                    Err(_logged) => self.keep_marks(marks),
                }
            }
        }
    }

    /// Replies to everybody after a commit.
    fn finish(&self, batch: Vec<Work>, written: CommittedBatch, deliveries: &mut Vec<Delivery>) {
        // Before anybody is told of an entry, it is where others look for it.
        self.shared.head.send_if_modified(|known| {
            let is_newer = written.head > *known;
            *known = written.head.max(*known);
            is_newer
        });
        let mut entries = written.entries.into_iter();
        let mut done = 0;
        for (work, end) in batch.into_iter().zip(written.ends) {
            deliveries.extend(entries.by_ref().take(end - done));
            done = end;
            work.finish(true, deliveries);
        }
        let marked = written.marked.into_iter();
        deliveries.extend(marked.map(|ReadMark { user, conversation, seq, .. }| Delivery::MarkedRead {
            user,
            conversation,
            seq,
        }));
    }

    fn keep_marks(&mut self, marks: &[ReadMark]) {
        self.shared.read_marks.put_back(marks);
        self.has_waiting_marks |= !marks.is_empty();
    }

    /// Gets work committed, on as many connections as it takes.
    ///
    /// # Errors
    /// [`WriteError::Connection`] if there was no usable connection for some time, [`WriteError::Statement`] if PostgreSQL
    /// refuses the work. In the former case the work may have been committed nevertheless.
    fn persist(&mut self, work: &mut [Work], marks: &[ReadMark]) -> Result<CommittedBatch, WriteError> {
        let Self { database, runtime, shared, connection, predictions, ids, batch, .. } = self;
        let give_up = if shared.is_writing.load(Ordering::Relaxed) { GIVE_UP } else { GIVE_UP_SOON };
        let deadline = Instant::now() + give_up;
        let result = runtime.block_on(async {
            loop {
                *batch += 1;
                let usable = connected(connection, (database, &*shared.pool), deadline).await?;
                let attempt = Attempted {
                    connection: usable,
                    predictions: &mut *predictions,
                    ids: &mut *ids,
                    now: shared.clock.now(),
                    lobby: shared.lobby,
                    committed: *shared.head.borrow(),
                    writer: shared.writer,
                    batch: *batch,
                };
                match attempt.run(work, marks).await {
                    Ok(CommitAttempt::Committed(written)) => return Ok(written),
                    Ok(CommitAttempt::Unknown(written)) => {
                        *connection = None;
                        if settle(connection, (database, &*shared.pool), (shared.writer, *batch), deadline).await? {
                            return Ok(written);
                        }
                    }
                    Err(WriteError::Connection) => {
                        *connection = None;
                        if Instant::now() >= deadline {
                            return Err(WriteError::Connection);
                        }
                        sleep(RECONNECT_PAUSE).await;
                    }
                    Err(WriteError::Statement) => {
                        if usable.roll_back().await.is_err() {
                            *connection = None;
                        }
                        return Err(WriteError::Statement);
                    }
                }
            }
        });
        let has_connection = !matches!(result, Err(WriteError::Connection));
        if shared.is_writing.swap(has_connection, Ordering::Relaxed) != has_connection {
            if has_connection {
                tracing::info!("the store is available again");
            } else {
                tracing::error!("the database cannot be written to; commands are refused until it can");
            }
        }
        result
    }
}

/// The connection, or a new one if there is none.
async fn connected<'a>(
    connection: &'a mut Option<WriterConnection>,
    (database, pool): (&Database, &Pool),
    deadline: Instant,
) -> Result<&'a WriterConnection, WriteError> {
    while connection.is_none() {
        match WriterConnection::open(database).await {
            Ok(new) => {
                // The database may be another one than before. What is written there must be read there, too.
                pool.renew();
                *connection = Some(new);
            }
            Err(error) if Instant::now() >= deadline => return Err(error),
            Err(_error) => sleep(RECONNECT_PAUSE).await,
        }
    }
    connection.as_ref().ok_or(WriteError::Connection)
}

/// Finds out whether a commit whose answer was lost has happened.
async fn settle(
    connection: &mut Option<WriterConnection>,
    target: (&Database, &Pool),
    (writer, batch): (Uuid, i64),
    deadline: Instant,
) -> Result<bool, WriteError> {
    loop {
        match connected(connection, target, deadline).await?.has_committed(writer, batch).await {
            Ok(has_committed) => return Ok(has_committed),
            Err(error) if Instant::now() >= deadline => return Err(error),
            Err(_logged) => *connection = None,
        }
    }
}
