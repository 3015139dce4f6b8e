//! The writer thread: it owns the only connection that writes, and commits in batches.
//!
//! A sync of the disk costs the same for one command as for two hundred, so whatever waits when the writer comes round
//! shares one transaction and one sync. One that is refused takes nobody with it: what is not known to be well before
//! anything is written has a savepoint of its own.

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
            wal_checkpoints::Done,
            writer::{
                cache::WriterCache,
                group_commit::GroupCommit,
                job::{FastPathContext, FastPathOutcome, Job},
                queue::{WriteTurn, WriterEnd},
            },
        },
    },
};

/// The most writes that share a commit.
const LARGEST_BATCH: usize = 256;

/// After so many the log is worth a checkpoint.
const MANY_CHANGES: usize = 16_384;

/// Messages to so many conversations at once go to the journal first. To fewer, the pages that a commit changes are few
/// anyway.
const SCATTERED: usize = 4;

/// How many messages may wait in the journal while there is more to do.
const MANY_WAITING: usize = 8_192;

/// The most that are moved out of it at once.
const LARGEST_MOVE: usize = 2_048;

/// How long after a failure it is tried again.
const PATIENCE: Duration = Duration::from_millis(500);

/// How long read marks may wait while there is much to do.
const MARKS_PAUSE: Duration = Duration::from_millis(250);

/// What the writer has in common with others.
pub(crate) struct Shared {
    pub(crate) reads: Arc<ReadMarks>,
    pub(crate) feed: mpsc::Sender<Vec<Committed>>,
    /// For the checkpoints.
    pub(crate) done: Arc<Done>,
    /// Asks for one.
    pub(crate) checkpoints: SyncSender<()>,
    /// The tables do not have all that was told.
    pub(crate) is_behind: Arc<AtomicBool>,
    pub(crate) quota: Option<Quota>,
}

/// What the writer's thread owns.
pub(crate) struct Writer {
    db: Connection,
    orders: WriterEnd,
    shared: Shared,
    /// How many were made since the last checkpoint was asked for.
    changes: usize,
    recent: WriterCache,
    /// `None` after a failure: to be read again.
    journal: Option<Staging>,
    /// How long after the last commit the journal is emptied.
    pause: Duration,
    /// Who is worth waiting for.
    company: GroupCommit,
    marks_saved: Instant,
    /// Read marks may have been left for later.
    marks_wait: bool,
    /// The transaction that was made last has erased something.
    has_erased: bool,
}

/// Why a transaction comes to nothing.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Database(#[from] rusqlite::Error),
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A change without a savepoint failed; the log has said why.
    #[error("a kind failed half-way")]
    HalfWay,
}

/// How changes are made.
#[derive(Clone, Copy, PartialEq, Eq)]
enum WriteMode {
    /// Messages go to the journal. What is none of these has a savepoint.
    Least,
    /// Without a savepoint where none is needed.
    Little,
    /// With a savepoint each.
    Much,
}

impl Writer {
    pub(crate) fn new(db: Connection, orders: WriterEnd, shared: Shared, pause: Duration) -> Self {
        let (recent, journal, marks_saved) = (WriterCache::default(), Some(Staging::default()), Instant::now());
        Self {
            db,
            orders,
            shared,
            changes: 0,
            recent,
            journal,
            pause,
            company: GroupCommit::default(),
            marks_saved,
            marks_wait: false,
            has_erased: false,
        }
    }

    pub(crate) fn start(self) -> Result<JoinHandle<()>, OpenError> {
        thread::Builder::new().name("store-writer".into()).spawn(|| self.run()).map_err(OpenError::Thread)
    }

    fn run(mut self) {
        let mut jobs = Vec::with_capacity(LARGEST_BATCH);
        loop {
            let patience = match &self.journal {
                Some(journal) => (self.marks_wait || !journal.is_empty()).then_some(self.pause),
                None => Some(PATIENCE),
            };
            match self.orders.0.take(&mut jobs, LARGEST_BATCH, patience, self.company) {
                WriteTurn::Work | WriteTurn::Pause => drop(self.commit(&mut jobs)),
                WriteTurn::End => break,
            }
        }
        // What can't be moved now is moved when the store is opened again.
        while self.journal.as_ref().is_some_and(|journal| !journal.is_empty()) && self.commit(&mut jobs).is_ok() {}
    }

    /// Carries out `jobs` and saves the gathered read marks in one transaction, then answers. Without any, empties some of
    /// the journal. An error has been logged, and told to whoever asked.
    fn commit(&mut self, jobs: &mut Vec<Box<dyn Job>>) -> Result<(), Failure> {
        let is_busy = are_scattered(jobs);
        self.marks_wait = is_busy && self.marks_saved.elapsed() < MARKS_PAUSE;
        let marks = if self.marks_wait { Vec::new() } else { self.take_marks() };
        // What fails without savepoints may be one change's fault: with them it takes nobody with it.
        let has_room = self.shared.quota.as_mut().is_none_or(|quota| quota.has_room(&self.db));
        let care = match (has_room, is_busy) {
            // Each is looked at by itself.
            (false, _) => WriteMode::Much,
            (true, true) => WriteMode::Least,
            (true, false) => WriteMode::Little,
        };
        let begin = Instant::now();
        let result = self
            .transact(jobs, &marks, care, has_room)
            .or_else(|_| self.transact(jobs, &marks, WriteMode::Much, has_room));
        let committed = result.is_ok();
        let here = jobs.len() + self.orders.0.len();
        self.company = self.company.after(jobs.len(), here.min(LARGEST_BATCH), begin.elapsed());
        if !committed && let Err(error) = self.read_all_the_same(jobs) {
            tracing::error!(%error, "what was told last cannot be read");
        }
        let changes = jobs.len();
        let mut news = Vec::with_capacity(2 * jobs.len());
        jobs.drain(..).for_each(|job| job.settle(committed, &mut news));
        let result = match result {
            Ok(read_news) => {
                // Before anybody is told: whoever reads then is to find it.
                let is_behind = self.journal.as_ref().is_some_and(|journal| !journal.is_empty());
                self.shared.is_behind.store(is_behind, Ordering::SeqCst);
                self.shared.done.commits.fetch_add(1, Ordering::Relaxed);
                if self.has_erased {
                    self.shared.done.erasures.fetch_add(1, Ordering::Release);
                }
                self.changes += changes;
                if self.changes >= MANY_CHANGES {
                    self.changes = 0;
                    // One that waits already is as good.
                    let _ = self.shared.checkpoints.try_send(());
                }
                news.extend(read_news);
                Ok(())
            }
            Err(error) => {
                tracing::error!(%error, "a commit failed; nothing of it was done");
                self.shared.reads.put_back(marks);
                Err(error)
            }
        };
        // Without a listener nobody is connected; the log has it all.
        if !news.is_empty() && self.shared.feed.blocking_send(news).is_err() {
            tracing::debug!("nobody listens to the store's news any more");
        }
        result
    }

    /// Lets those read who must find all that was told, in tables that have it for as long as that takes: a full disk keeps
    /// nobody from reading.
    fn read_all_the_same(&self, jobs: &mut [Box<dyn Job>]) -> Result<(), Failure> {
        if !jobs.iter().any(|job| job.reads()) {
            return Ok(());
        }
        self.execute("BEGIN IMMEDIATE")?;
        let settled = Staging::load(&self.db).and_then(|mut journal| journal.flush_all(&self.db));
        if settled.is_ok() {
            jobs.iter_mut().for_each(|job| job.read(&self.db));
        }
        if !self.db.is_autocommit() {
            self.execute("ROLLBACK")?;
        }
        Ok(settled?)
    }

    fn take_marks(&mut self) -> Vec<ReadMark> {
        self.marks_saved = Instant::now();
        self.shared.reads.take()
    }

    fn transact(
        &mut self,
        jobs: &mut [Box<dyn Job>],
        marks: &[ReadMark],
        care: WriteMode,
        has_room: bool,
    ) -> Result<Vec<Committed>, Failure> {
        self.execute("BEGIN IMMEDIATE")?;
        // Forgotten if this fails: the database alone knows what is left of it.
        let journal = self.journal.take();
        let result = self.fill(journal, jobs, marks, care, has_room).and_then(|(journal, news)| {
            self.execute("COMMIT")?;
            Ok((journal, news))
        });
        match result {
            Ok((journal, news)) => {
                self.journal = Some(journal);
                Ok(news)
            }
            Err(failure) => {
                self.recent.forget();
                // A full disk can end the transaction by itself; otherwise it is ours to end.
                if !self.db.is_autocommit() {
                    self.execute("ROLLBACK")?;
                }
                Err(failure)
            }
        }
    }

    /// Does everything but the commit; returns what is left in the journal, and what the read marks changed.
    fn fill(
        &mut self,
        journal: Option<Staging>,
        jobs: &mut [Box<dyn Job>],
        marks: &[ReadMark],
        care: WriteMode,
        has_room: bool,
    ) -> Result<(Staging, Vec<Committed>), Failure> {
        let Self { db, recent, has_erased, .. } = self;
        *has_erased = false;
        let mut journal = journal.map_or_else(|| Staging::load(db), Ok)?;
        let is_pause = jobs.is_empty();
        for job in jobs.iter_mut() {
            if care != WriteMode::Much {
                let is_busy = care == WriteMode::Least;
                match job.try_fast_path(&mut FastPathContext { db, recent, journal: &mut journal, is_busy }) {
                    FastPathOutcome::Done => continue,
                    FastPathOutcome::NotThisOne => {}
                    FastPathOutcome::Failed => return Err(Failure::HalfWay),
                }
            }
            journal.flush_all(db)?;
            recent.save(db)?;
            within_savepoint(db, |db| {
                let is_done = job.run(db, has_room);
                *has_erased |= is_done && job.erases();
                is_done
            })?;
            recent.forget();
        }
        journal.save(db)?;
        let is_due = is_pause || journal.len() >= MANY_WAITING;
        journal.flush_some(db, if is_due { LARGEST_MOVE } else { 0 })?;
        recent.save(db)?;
        let mut news = Vec::new();
        for mark in marks {
            journal.flush_conversation(db, mark.conversation())?;
            news.extend(mark.apply(db)?);
        }
        Ok((journal, news))
    }

    fn execute(&self, statement: &str) -> Result<(), rusqlite::Error> {
        execute(&self.db, statement)
    }
}

/// Whether there are messages to many conversations.
fn are_scattered(jobs: &[Box<dyn Job>]) -> bool {
    let mut places: Vec<ConversationId> = Vec::with_capacity(SCATTERED);
    for place in jobs.iter().filter_map(|job| job.conversation()) {
        if !places.contains(&place) {
            places.push(place);
        }
        if places.len() == SCATTERED {
            return true;
        }
    }
    false
}

fn within_savepoint(db: &Connection, change: impl FnOnce(&Connection) -> bool) -> Result<(), rusqlite::Error> {
    execute(db, "SAVEPOINT one")?;
    if !change(db) {
        // Fails if the whole transaction is gone, and so fails the batch.
        execute(db, "ROLLBACK TO one")?;
    }
    execute(db, "RELEASE one")
}

fn execute(db: &Connection, statement: &str) -> Result<(), rusqlite::Error> {
    db.prepare_cached(statement)?.execute([]).map(drop)
}
