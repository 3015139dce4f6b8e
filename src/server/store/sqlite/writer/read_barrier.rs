//! Reading while the tables do not have all that was told: after the writer has seen to it that they do.

use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::server::store::{commits::Committed, error::StoreError, sqlite::writer::job::Job};

/// A read that is to find all that was told before it was asked for.
pub(crate) struct BarrierRead<T, F> {
    query: F,
    answer: oneshot::Sender<Found<T>>,
    found: Option<Result<T, StoreError>>,
}

/// Where such a read finds it.
pub(crate) enum Found<T> {
    /// In the tables, for every reader.
    InTables,
    /// The tables could not be written to, and this is what was read in them as they would be.
    Here(Result<T, StoreError>),
}

/// Such a read, and the way to its answer.
pub(crate) fn read_behind<T, F>(query: F) -> (Box<dyn Job>, oneshot::Receiver<Found<T>>)
where
    T: Send + 'static,
    F: Fn(&Connection) -> Result<T, StoreError> + Send + 'static,
{
    let (answer, answered) = oneshot::channel();
    (Box::new(BarrierRead { query, answer, found: None }), answered)
}

impl<T, F> Job for BarrierRead<T, F>
where
    T: Send,
    F: Fn(&Connection) -> Result<T, StoreError> + Send,
{
    /// Whatever is no message finds all in the tables.
    fn run(&mut self, _db: &Connection, _has_room: bool) -> bool {
        true
    }

    fn read(&mut self, db: &Connection) {
        self.found = Some((self.query)(db));
    }

    fn reads(&self) -> bool {
        true
    }

    fn settle(self: Box<Self>, committed: bool, _news: &mut Vec<Committed>) {
        let Self { answer, found, .. } = *self;
        let here = || Found::Here(found.unwrap_or(Err(StoreError::Unavailable)));
        // Whoever asked may have gone.
        let _ = answer.send(if committed { Found::InTables } else { here() });
    }
}
