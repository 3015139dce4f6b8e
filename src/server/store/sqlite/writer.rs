//! Writing: one thread owns the one connection that writes, and commits what has gathered in one go.
//!
//! A sync of the disk costs the same for one command as for two hundred, so whatever waits when the writer comes round
//! shares one transaction and one sync. Each write has its own savepoint: one that is refused takes nobody with it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::SyncSender,
    },
    thread::{self, JoinHandle},
};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::{
    super::{Appended, Asker, Committed, NewEvent, Receipt, StoreError},
    open::OpenError,
    orders::WriterEnd,
    reads::{ReadMark, ReadMarks},
    recent::Recent,
};

/// The most writes that share a commit.
const LARGEST_BATCH: usize = 256;

/// After so many the log is worth a checkpoint.
const MANY_CHANGES: usize = 4_096;

/// One kind of change to the database.
pub(super) trait Write: Send + 'static {
    /// What the asker learns.
    type Done: Send + 'static;

    /// Makes the change within a savepoint, which is undone if this fails.
    fn apply(&self, db: &Connection) -> Result<Applied<Self::Done>, StoreError>;
}

/// What a change came to, valid once committed.
pub(super) struct Applied<T> {
    pub(super) done: T,
    /// What there is to tell.
    pub(super) news: Option<Committed>,
}

/// A change, and the receipt for it.
pub(super) fn pending<W: Write>(write: W) -> (Box<dyn Job>, Receipt<W::Done>) {
    let (answer, answered) = oneshot::channel();
    (Box::new(Pending { write, answer, outcome: None }), Receipt::new(answered))
}

/// A [`Write`] of any kind, with whoever waits for it.
pub(super) trait Job: Send {
    /// Makes the change; `false` if its savepoint must be undone.
    fn run(&mut self, db: &Connection) -> bool;

    /// Makes the change without a savepoint, if it is one of those that need none.
    fn run_quickly(&mut self, _db: &Connection, _recent: &mut Recent) -> Quickly {
        Quickly::NotThisOne
    }

    /// Answers, after the commit or its failure, and adds what there is to tell.
    fn settle(self: Box<Self>, committed: bool, news: &mut Vec<Committed>);
}

/// What became of a change without a savepoint.
pub(super) enum Quickly {
    /// It was made, or refused.
    Done,
    /// It needs a savepoint.
    NotThisOne,
    /// Nothing of the transaction is good any more.
    Failed,
}

struct Pending<W: Write> {
    write: W,
    answer: oneshot::Sender<Result<W::Done, StoreError>>,
    outcome: Option<Result<Applied<W::Done>, StoreError>>,
}

impl<W: Write> Job for Pending<W> {
    fn run(&mut self, db: &Connection) -> bool {
        self.outcome.insert(self.write.apply(db)).is_ok()
    }

    fn settle(self: Box<Self>, committed: bool, news: &mut Vec<Committed>) {
        // An asker that went away needs no answer; the change stands.
        let _ = self.answer.send(settled(self.outcome, committed, news));
    }
}

/// What became of a change in the end; adds what there is to tell.
fn settled<T>(
    outcome: Option<Result<Applied<T>, StoreError>>,
    committed: bool,
    news: &mut Vec<Committed>,
) -> Result<T, StoreError> {
    let applied = outcome.filter(|_| committed).unwrap_or(Err(StoreError::Unavailable))?;
    news.extend(applied.news);
    Ok(applied.done)
}

/// An event whose asker is answered through the feed.
pub(super) struct Submitted {
    event: NewEvent,
    asker: Asker,
    outcome: Option<Result<Applied<Appended>, StoreError>>,
}

impl Submitted {
    pub(super) fn new(event: NewEvent, asker: Asker) -> Self {
        Self { event, asker, outcome: None }
    }
}

impl Job for Submitted {
    fn run(&mut self, db: &Connection) -> bool {
        self.outcome.insert(self.event.apply(db)).is_ok()
    }

    fn run_quickly(&mut self, db: &Connection, recent: &mut Recent) -> Quickly {
        match self.event.apply_quickly(db, recent) {
            None => Quickly::NotThisOne,
            Some(Err(StoreError::Unavailable)) => Quickly::Failed,
            Some(outcome) => {
                self.outcome = Some(outcome);
                Quickly::Done
            }
        }
    }

    fn settle(self: Box<Self>, committed: bool, news: &mut Vec<Committed>) {
        let outcome = settled(self.outcome, committed, news);
        news.push(Committed::Answer { asker: self.asker, id: self.event.id, outcome });
    }
}

/// What the writer's thread owns.
pub(super) struct Writer {
    db: Connection,
    orders: WriterEnd,
    reads: Arc<ReadMarks>,
    feed: mpsc::Sender<Vec<Committed>>,
    /// Counts commits, for the checkpoints.
    commits: Arc<AtomicU64>,
    /// Asks for one.
    checkpoints: SyncSender<()>,
    /// How many were made since then.
    changes: usize,
    recent: Recent,
}

/// Why a transaction comes to nothing.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Database(#[from] rusqlite::Error),
    /// A change without a savepoint failed; the log has said why.
    #[error("a change failed half-way")]
    HalfWay,
}

/// How changes are made.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Care {
    /// Without a savepoint where none is needed.
    Little,
    /// With a savepoint each.
    Much,
}

impl Writer {
    pub(super) fn new(
        db: Connection,
        orders: WriterEnd,
        reads: Arc<ReadMarks>,
        feed: mpsc::Sender<Vec<Committed>>,
        commits: Arc<AtomicU64>,
        checkpoints: SyncSender<()>,
    ) -> Self {
        let recent = Recent::default();
        Self { db, orders, reads, feed, commits, checkpoints, changes: 0, recent }
    }

    pub(super) fn start(self) -> Result<JoinHandle<()>, OpenError> {
        thread::Builder::new().name("store-writer".into()).spawn(|| self.run()).map_err(OpenError::Thread)
    }

    fn run(mut self) {
        let mut jobs = Vec::with_capacity(LARGEST_BATCH);
        while self.orders.0.take(&mut jobs, LARGEST_BATCH) {
            self.commit(&mut jobs);
        }
    }

    /// Carries out `jobs` and the gathered read marks in one transaction, then answers.
    fn commit(&mut self, jobs: &mut Vec<Box<dyn Job>>) {
        let marks = self.reads.take();
        if jobs.is_empty() && marks.is_empty() {
            return;
        }
        // What fails without savepoints may be one change's fault: with them it takes nobody with it.
        let result = self.transact(jobs, &marks, Care::Little).or_else(|_| self.transact(jobs, &marks, Care::Much));
        let committed = result.is_ok();
        let changes = jobs.len();
        let mut news = Vec::with_capacity(2 * jobs.len());
        jobs.drain(..).for_each(|job| job.settle(committed, &mut news));
        match result {
            Ok(read_news) => {
                self.commits.fetch_add(1, Ordering::Relaxed);
                self.changes += changes;
                if self.changes >= MANY_CHANGES {
                    self.changes = 0;
                    // One that waits already is as good.
                    let _ = self.checkpoints.try_send(());
                }
                news.extend(read_news);
            }
            Err(error) => {
                tracing::error!(%error, "a commit failed; nothing of it was done");
                self.reads.put_back(marks);
            }
        }
        // Without a listener nobody is connected; the log has it all.
        if !news.is_empty() && self.feed.blocking_send(news).is_err() {
            tracing::debug!("nobody listens to the store's news any more");
        }
    }

    fn transact(
        &mut self,
        jobs: &mut [Box<dyn Job>],
        marks: &[ReadMark],
        care: Care,
    ) -> Result<Vec<Committed>, Failure> {
        self.execute("BEGIN IMMEDIATE")?;
        let result = self.fill(jobs, marks, care).and_then(|news| Ok(self.execute("COMMIT").map(|()| news)?));
        if result.is_err() {
            self.recent.forget();
        }
        // A full disk can end the transaction by itself; otherwise it is ours to end.
        if result.is_err() && !self.db.is_autocommit() {
            self.execute("ROLLBACK")?;
        }
        result
    }

    /// Does everything but the commit; returns what the read marks changed.
    fn fill(&mut self, jobs: &mut [Box<dyn Job>], marks: &[ReadMark], care: Care) -> Result<Vec<Committed>, Failure> {
        for job in jobs {
            if care == Care::Little {
                match job.run_quickly(&self.db, &mut self.recent) {
                    Quickly::Done => continue,
                    Quickly::NotThisOne => {}
                    Quickly::Failed => return Err(Failure::HalfWay),
                }
            }
            self.recent.save(&self.db)?;
            self.within_savepoint(|db| job.run(db))?;
            self.recent.forget();
        }
        self.recent.save(&self.db)?;
        Ok(marks.iter().filter_map(|mark| mark.apply(&self.db).transpose()).collect::<Result<_, _>>()?)
    }

    fn within_savepoint(&self, change: impl FnOnce(&Connection) -> bool) -> Result<(), rusqlite::Error> {
        self.execute("SAVEPOINT one")?;
        if !change(&self.db) {
            // Fails if the whole transaction is gone, and so fails the batch.
            self.execute("ROLLBACK TO one")?;
        }
        self.execute("RELEASE one")
    }

    fn execute(&self, statement: &str) -> Result<(), rusqlite::Error> {
        self.db.prepare_cached(statement)?.execute([]).map(drop)
    }
}
