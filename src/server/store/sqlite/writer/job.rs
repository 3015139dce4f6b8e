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

/// A command: one kind of change to the database.
pub(crate) trait Write: Send + 'static {
    /// What the caller gets once the change is durable.
    type Output: Send + 'static;

    /// Makes the change within a savepoint, which is rolled back if this fails.
    fn apply(&self, db: &Connection) -> Result<Applied<Self::Output>, StoreError>;

    /// Whether it deletes or overwrites data that must not stay readable, in the write-ahead log either.
    fn erases(&self) -> bool {
        false
    }

    /// Whether it is refused while the disk quota is used up. Moderation and whatever frees space is not.
    fn takes_room(&self) -> bool {
        false
    }
}

/// A change that was made, valid once committed.
pub(crate) struct Applied<T> {
    /// For the caller.
    pub(crate) output: T,
    /// For the feed.
    pub(crate) change: Option<Committed>,
}

/// Applies a change unless the quota forbids it. A change that writes nothing, such as a repeated command, needs no room.
pub(crate) fn apply_within_quota<W: Write>(
    write: &W,
    db: &Connection,
    has_room: bool,
) -> Result<Applied<W::Output>, StoreError> {
    let before = db.total_changes();
    let applied = write.apply(db)?;
    let is_refused = !has_room && write.takes_room() && db.total_changes() != before;
    if is_refused { Err(StoreError::QuotaUsedUp) } else { Ok(applied) }
}

/// What the caller of a write gets after its transaction was committed or rolled back. Adds the change to `changes`.
pub(crate) fn outcome_after_commit<T>(
    outcome: Option<Result<Applied<T>, StoreError>>,
    is_committed: bool,
    changes: &mut Vec<Committed>,
) -> Result<T, StoreError> {
    let applied = outcome.filter(|_| is_committed).unwrap_or(Err(StoreError::Unavailable))?;
    changes.extend(applied.change);
    Ok(applied.output)
}

/// A job of the writer thread, with the channel to its caller.
pub(crate) trait Job: Send {
    /// Makes the change within a savepoint; `has_room` is false while the disk quota is used up. Returns `false` if the
    /// savepoint must be rolled back.
    fn apply(&mut self, db: &Connection, has_room: bool) -> bool;

    /// Makes the change without a savepoint, if this kind of change can do so.
    fn try_fast_path(&mut self, _context: &mut FastPathContext<'_>) -> FastPathOutcome {
        FastPathOutcome::NotApplicable
    }

    /// The conversation of the message that it adds; `None` if it does anything else.
    fn message_conversation(&self) -> Option<ConversationId> {
        None
    }

    /// See [`Write::erases`].
    fn erases(&self) -> bool {
        false
    }

    /// Whether it is a barrier read.
    fn is_read(&self) -> bool {
        false
    }

    /// For a barrier read after a failed commit: reads from tables that have all earlier writes, but nothing of this batch.
    fn read_uncommitted(&mut self, _db: &Connection) {}

    /// Replies to the caller after the commit or its failure, and adds what is committed to `changes`.
    fn finish(self: Box<Self>, is_committed: bool, changes: &mut Vec<Committed>);
}

/// What a change without a savepoint works with.
pub(crate) struct FastPathContext<'a> {
    pub(crate) db: &'a Connection,
    pub(crate) cache: &'a mut WriterCache,
    pub(crate) staging: &'a mut Staging,
    /// Whether messages go to the staging table.
    pub(crate) is_staged: bool,
}

/// How an attempt without a savepoint ended.
pub(crate) enum FastPathOutcome {
    /// The change was made or refused.
    Done,
    /// The change needs a savepoint.
    NotApplicable,
    /// The change failed half-way: the transaction must be rolled back.
    Failed,
}

/// A [`Write`] as a job, and the receipt for it.
pub(crate) fn job_with_receipt<W: Write>(write: W) -> (Box<dyn Job>, Receipt<W::Output>) {
    let (reply, outcome) = oneshot::channel();
    (Box::new(WriteJob { write, reply, outcome: None }), Receipt::new(outcome))
}

struct WriteJob<W: Write> {
    write: W,
    reply: oneshot::Sender<Result<W::Output, StoreError>>,
    outcome: Option<Result<Applied<W::Output>, StoreError>>,
}

impl<W: Write> Job for WriteJob<W> {
    fn apply(&mut self, db: &Connection, has_room: bool) -> bool {
        self.outcome.insert(apply_within_quota(&self.write, db, has_room)).is_ok()
    }

    fn erases(&self) -> bool {
        self.write.erases()
    }

    fn finish(self: Box<Self>, is_committed: bool, changes: &mut Vec<Committed>) {
        // The receiver is gone if the caller was cancelled; the change stands.
        let _ = self.reply.send(outcome_after_commit(self.outcome, is_committed, changes));
    }
}
