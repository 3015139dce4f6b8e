//! Jobs for the writer thread: the [`Write`] trait, and the boxed [`Job`] that carries one through the queue.

use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::{
    domain::ConversationId,
    server::store::{
        commits::Committed,
        error::StoreError,
        receipt::Receipt,
        sqlite::{tables::staging::Staging, writer::cache::WriterCache},
    },
};

/// One kind of change to the database.
pub(crate) trait Write: Send + 'static {
    /// What the asker learns.
    type Done: Send + 'static;

    /// Makes the change within a savepoint, which is undone if this fails.
    fn apply(&self, db: &Connection) -> Result<Applied<Self::Done>, StoreError>;

    /// Whether it takes something out of the data that nobody must be able to read any more, in the log neither.
    fn erases(&self) -> bool {
        false
    }

    /// Whether it is refused while the disk quota is used up. What keeps order and what makes room is not.
    fn takes_room(&self) -> bool {
        false
    }
}

/// Makes a change, unless it takes room that there is not. One that comes to nothing new, as a repeated command does, takes
/// none.
pub(crate) fn make<W: Write>(write: &W, db: &Connection, has_room: bool) -> Result<Applied<W::Done>, StoreError> {
    let before = db.total_changes();
    let applied = write.apply(db)?;
    let is_refused = !has_room && write.takes_room() && db.total_changes() != before;
    if is_refused { Err(StoreError::QuotaUsedUp) } else { Ok(applied) }
}

/// What a change came to, valid once committed.
pub(crate) struct Applied<T> {
    pub(crate) done: T,
    /// What there is to tell.
    pub(crate) news: Option<Committed>,
}

/// A change, and the receipt for it.
pub(crate) fn pending<W: Write>(write: W) -> (Box<dyn Job>, Receipt<W::Done>) {
    let (answer, answered) = oneshot::channel();
    (Box::new(Pending { write, answer, outcome: None }), Receipt::new(answered))
}

/// A [`Write`] of any kind, with whoever waits for it.
pub(crate) trait Job: Send {
    /// Makes the change, if there is room for it; `false` if its savepoint must be undone.
    fn run(&mut self, db: &Connection, has_room: bool) -> bool;

    /// Makes the change without a savepoint, if it is one of those that need none.
    fn try_fast_path(&mut self, _desk: &mut FastPathContext<'_>) -> FastPathOutcome {
        FastPathOutcome::NotThisOne
    }

    /// Where it puts a message, if it does only that.
    fn conversation(&self) -> Option<ConversationId> {
        None
    }

    /// Whether it only reads.
    fn reads(&self) -> bool {
        false
    }

    /// See [`Write::erases`].
    fn erases(&self) -> bool {
        false
    }

    /// Reads in tables that have all that was told, but nothing of this batch.
    fn read(&mut self, _db: &Connection) {}

    /// Answers, after the commit or its failure, and adds what there is to tell.
    fn settle(self: Box<Self>, committed: bool, news: &mut Vec<Committed>);
}

/// What a change without a savepoint works with.
pub(crate) struct FastPathContext<'a> {
    pub(crate) db: &'a Connection,
    pub(crate) recent: &'a mut WriterCache,
    pub(crate) journal: &'a mut Staging,
    /// Messages go to the journal.
    pub(crate) is_busy: bool,
}

/// What became of a change without a savepoint.
pub(crate) enum FastPathOutcome {
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
    fn run(&mut self, db: &Connection, has_room: bool) -> bool {
        self.outcome.insert(make(&self.write, db, has_room)).is_ok()
    }

    fn erases(&self) -> bool {
        self.write.erases()
    }

    fn settle(self: Box<Self>, committed: bool, news: &mut Vec<Committed>) {
        // An asker that went away needs no answer; the change stands.
        let _ = self.answer.send(settled(self.outcome, committed, news));
    }
}

/// What became of a change in the end; adds what there is to tell.
pub(crate) fn settled<T>(
    outcome: Option<Result<Applied<T>, StoreError>>,
    committed: bool,
    news: &mut Vec<Committed>,
) -> Result<T, StoreError> {
    let applied = outcome.filter(|_| committed).unwrap_or(Err(StoreError::Unavailable))?;
    news.extend(applied.news);
    Ok(applied.done)
}
