//! Reading: a few threads, each with a connection that never writes, lent one read at a time.
//!
//! They begin when they are needed: a house that is quiet has one, whose connection is closed after a while, so that
//! what it kept in memory is given back.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    thread,
    time::Duration,
};

use rusqlite::Connection;
use tokio::{
    sync::{Semaphore, oneshot},
    time::timeout,
};

use crate::server::store::{error::StoreError, sqlite::open::open_reader};

/// How many reads may run at once; the others wait their turn.
const READERS: usize = 4;

/// How long a read may wait for its turn.
const TURN: Duration = Duration::from_secs(10);

/// A connection that nobody needed for so long is closed.
const QUIET: Duration = Duration::from_mins(1);

#[derive(Debug)]
pub(super) struct Readers {
    path: PathBuf,
    idle: Arc<Idle>,
    turns: Arc<Semaphore>,
}

/// The way to a reader's thread, which ends with it.
type ReaderThread = SyncSender<ReadJob>;

/// A read; with no connection it can only say so.
type ReadJob = Box<dyn FnOnce(Option<&mut Connection>) + Send>;

/// Readers that nobody uses now; who came last goes first, so that only as many are busy as are needed. A plain mutex: it
/// is held for a push or a pop.
#[derive(Debug, Default)]
struct Idle(Mutex<Vec<ReaderThread>>);

impl Idle {
    fn readers(&self) -> MutexGuard<'_, Vec<ReaderThread>> {
        // A push or pop can't be half done, so a poisoned list is still a list.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Readers {
    pub(super) fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), idle: Arc::default(), turns: Arc::new(Semaphore::new(READERS)) }
    }

    /// Runs `read` on one snapshot of the database, off the async threads.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let turn = timeout(TURN, Arc::clone(&self.turns).acquire_owned()).await;
        let Ok(Ok(turn)) = turn else {
            tracing::error!("no reader of the store became free within {TURN:?}");
            return Err(StoreError::Unavailable);
        };
        let reader = self.reader()?;
        let (answer, answered) = oneshot::channel();
        let (idle, back) = (Arc::clone(&self.idle), reader.clone());
        let job: ReadJob = Box::new(move |connection| {
            let outcome = connection.ok_or(StoreError::Unavailable).and_then(|connection| {
                let snapshot = connection.transaction()?;
                read(&snapshot)
            });
            // A read that panics takes its thread with it, and another one is started in its place.
            idle.readers().push(back);
            drop(turn);
            // Whoever asked may have gone.
            let _ = answer.send(outcome);
        });
        if reader.send(job).is_err() {
            tracing::error!("a reader of the store has ended");
            return Err(StoreError::Unavailable);
        }
        answered.await.unwrap_or_else(|_ended| {
            tracing::error!("a read of the store panicked");
            Err(StoreError::Unavailable)
        })
    }

    /// One that is idle, or a new one.
    fn reader(&self) -> Result<ReaderThread, StoreError> {
        if let Some(reader) = self.idle.readers().pop() {
            return Ok(reader);
        }
        // A turn has one job; one more may wait for the end of the last.
        let (reader, jobs) = sync_channel(1);
        let path = self.path.clone();
        let started = thread::Builder::new().name("store-reader".into()).spawn(move || serve(&path, &jobs));
        started.map_err(|error| {
            tracing::error!(%error, "the store cannot start a reader");
            StoreError::Unavailable
        })?;
        Ok(reader)
    }
}

fn serve(path: &Path, jobs: &Receiver<ReadJob>) {
    let mut connection = None;
    loop {
        let job = if connection.is_some() {
            jobs.recv_timeout(QUIET)
        } else {
            jobs.recv().map_err(|_| RecvTimeoutError::Disconnected)
        };
        match job {
            Ok(job) => {
                if connection.is_none() {
                    connection = open_reader(path)
                        .inspect_err(|error| tracing::error!(%error, "the store cannot be opened for reading"))
                        .ok();
                }
                job(connection.as_mut());
            }
            Err(RecvTimeoutError::Timeout) => connection = None,
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;
    use crate::server::store::sqlite::open::open_writer;

    fn count(db: &Connection) -> Result<u32, StoreError> {
        Ok(db.query_row("SELECT count(*) FROM meta", [], |row| row.get(0))?)
    }

    #[tokio::test]
    async fn readers_begin_when_they_are_needed_and_go_when_they_panic() {
        let folder = TempDir::new().expect("a folder");
        let path = folder.path().join("teahouse.db");
        let (_writer, _) = open_writer(&path).expect("a database");
        let readers = Readers::new(&path);
        for _ in 0..READERS {
            assert_eq!(readers.read(count).await.expect("a read"), 1);
            assert_eq!(readers.idle.readers().len(), 1, "one after the other needs one");
        }
        for _ in 0..2 * READERS {
            let outcome = readers.read::<u32>(|_| panic!("as it must not be")).await;
            assert!(matches!(outcome, Err(StoreError::Unavailable)), "{outcome:?}");
        }
        assert_eq!(readers.read(count).await.expect("another reader"), 1);
    }
}
