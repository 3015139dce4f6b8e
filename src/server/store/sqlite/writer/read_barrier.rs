//! Read barrier: a read that must see every acknowledged write, although some are only staged and not in their tables yet.
//!
//! It goes through the writer's queue as a job. The writer flushes the staged rows before it, and then the read runs on an
//! ordinary reader. If the tables cannot be written to (a full disk), the writer flushes within a transaction that it rolls
//! back, and runs the read there.

use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::server::store::{commits::Committed, error::StoreError, sqlite::writer::job::Job};

/// The job of a barrier read.
struct BarrierRead<T, F> {
    query: F,
    answer: oneshot::Sender<BarrierOutcome<T>>,
    found: Option<Result<T, StoreError>>,
}

/// How a barrier read ended.
pub(crate) enum BarrierOutcome<T> {
    /// The tables have all acknowledged writes now: any reader can run the query.
    Flushed,
    /// The tables could not be written to. This is the result of the query on the flushed, uncommitted tables.
    Found(Result<T, StoreError>),
}

/// A job that lets `query` see all acknowledged writes, and the receiver of its outcome.
pub(crate) fn barrier_read<T, F>(query: F) -> (Box<dyn Job>, oneshot::Receiver<BarrierOutcome<T>>)
where
    T: Send + 'static,
    F: Fn(&Connection) -> Result<T, StoreError> + Send + 'static,
{
    let (answer, outcome) = oneshot::channel();
    (Box::new(BarrierRead { query, answer, found: None }), outcome)
}

impl<T, F> Job for BarrierRead<T, F>
where
    T: Send,
    F: Fn(&Connection) -> Result<T, StoreError> + Send,
{
    /// Does nothing: the writer flushes the staged rows before every job that is not on the fast path.
    fn apply(&mut self, _db: &Connection, _has_room: bool) -> bool {
        true
    }

    fn is_read(&self) -> bool {
        true
    }

    fn read_uncommitted(&mut self, db: &Connection) {
        self.found = Some((self.query)(db));
    }

    fn finish(self: Box<Self>, is_committed: bool, _changes: &mut Vec<Committed>) {
        let Self { answer, found, .. } = *self;
        let outcome = if is_committed {
            BarrierOutcome::Flushed
        } else {
            BarrierOutcome::Found(found.unwrap_or(Err(StoreError::Unavailable)))
        };
        // The receiver is gone if the request was cancelled.
        let _ = answer.send(outcome);
    }
}
