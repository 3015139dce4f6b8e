//! Reader threads: each owns a connection that never writes, and runs one query at a time.
//!
//! Threads start when they are needed, so a quiet server has one. A connection that is not used for a while is closed, which
//! frees its memory.

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

/// How many queries may run at once. The others wait.
const MAX_READERS: usize = 4;

/// How long a query may wait for a free reader.
const PERMIT_TIMEOUT: Duration = Duration::from_secs(10);

/// A connection that has been idle for this long is closed.
const IDLE_TIMEOUT: Duration = Duration::from_mins(1);

#[derive(Debug)]
pub(super) struct Readers {
    path: PathBuf,
    idle: Arc<IdleReaders>,
    permits: Arc<Semaphore>,
}

/// The sender of jobs to a reader thread. The thread ends when all senders are gone.
type ReaderThread = SyncSender<ReadJob>;

/// A query with the channel to its caller. It fails if there is no connection.
type ReadJob = Box<dyn FnOnce(Option<&mut Connection>) + Send>;

/// Readers without a job. The last one in is the first out, so that only as many are in use as are needed. A plain mutex,
/// held for a push or a pop.
#[derive(Debug, Default)]
struct IdleReaders(Mutex<Vec<ReaderThread>>);

impl IdleReaders {
    fn readers(&self) -> MutexGuard<'_, Vec<ReaderThread>> {
        // A push or pop cannot be half done, so a poisoned list is still valid.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Readers {
    pub(super) fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), idle: Arc::default(), permits: Arc::new(Semaphore::new(MAX_READERS)) }
    }

    /// Runs a query on one snapshot of the database, on a reader thread.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let permit = timeout(PERMIT_TIMEOUT, Arc::clone(&self.permits).acquire_owned()).await;
        let Ok(Ok(permit)) = permit else {
            tracing::error!("no reader of the store became free within {PERMIT_TIMEOUT:?}");
            return Err(StoreError::Unavailable);
        };
        let reader = self.reader()?;
        let (reply, outcome) = oneshot::channel();
        let (idle, returned) = (Arc::clone(&self.idle), reader.clone());
        let job: ReadJob = Box::new(move |connection| {
            let found = connection.ok_or(StoreError::Unavailable).and_then(|connection| {
                let snapshot = connection.transaction()?;
                query(&snapshot)
            });
            // A query that panics ends its thread without getting here, and a new thread is started when one is needed.
            idle.readers().push(returned);
            drop(permit);
            // The receiver is gone if the caller was cancelled.
            let _ = reply.send(found);
        });
        if reader.send(job).is_err() {
            tracing::error!("a reader of the store has ended");
            return Err(StoreError::Unavailable);
        }
        outcome.await.unwrap_or_else(|_ended| {
            tracing::error!("a query of the store panicked");
            Err(StoreError::Unavailable)
        })
    }

    /// An idle reader, or a new one.
    fn reader(&self) -> Result<ReaderThread, StoreError> {
        if let Some(reader) = self.idle.readers().pop() {
            return Ok(reader);
        }
        // A reader gets one job at a time, but the next may come before the last one has quite ended.
        let (reader, jobs) = sync_channel(1);
        let path = self.path.clone();
        let started = thread::Builder::new().name("store-reader".into()).spawn(move || run_jobs(&path, &jobs));
        started.map_err(|error| {
            tracing::error!(%error, "the store cannot start a reader");
            StoreError::Unavailable
        })?;
        Ok(reader)
    }
}

/// The reader thread.
fn run_jobs(path: &Path, jobs: &Receiver<ReadJob>) {
    let mut connection = None;
    loop {
        let job = if connection.is_some() {
            jobs.recv_timeout(IDLE_TIMEOUT)
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
    use crate::server::store::{clock_source::SystemClock, sqlite::open::open_writer};

    fn count(db: &Connection) -> Result<u32, StoreError> {
        Ok(db.query_row("SELECT count(*) FROM meta", [], |row| row.get(0))?)
    }

    #[tokio::test]
    async fn readers_start_when_they_are_needed_and_are_replaced_when_they_panic() {
        let folder = TempDir::new().expect("a folder");
        let path = folder.path().join("teahouse.db");
        let (_writer, _) = open_writer(&path, &SystemClock).expect("a database");
        let readers = Readers::new(&path);
        for _ in 0..MAX_READERS {
            assert_eq!(readers.read(count).await.expect("a read"), 1);
            assert_eq!(readers.idle.readers().len(), 1, "queries one after the other need one reader");
        }
        for _ in 0..2 * MAX_READERS {
            let outcome = readers.read::<u32>(|_| panic!("a query that panics")).await;
            assert!(matches!(outcome, Err(StoreError::Unavailable)), "{outcome:?}");
        }
        assert_eq!(readers.read(count).await.expect("another reader"), 1);
    }
}
