//! Reading: a few connections that never write, lent one read at a time.

use std::{
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use rusqlite::Connection;
use tokio::{sync::Semaphore, task::spawn_blocking, time::timeout};

use super::{super::StoreError, open::open_reader};

/// How many reads may run at once; the others wait their turn.
const READERS: usize = 4;

/// How long a read may wait for its turn.
const TURN: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(super) struct Readers {
    idle: Arc<Idle>,
    turns: Arc<Semaphore>,
}

/// Connections that nobody uses now. A plain mutex: it is held for a push or a pop.
#[derive(Debug)]
struct Idle(Mutex<Vec<Connection>>);

impl Idle {
    fn connections(&self) -> MutexGuard<'_, Vec<Connection>> {
        // A push or pop can't be half done, so a poisoned list is still a list.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A lent connection goes back when the read ends, even by a panic.
struct Lent<'a> {
    connection: Option<Connection>,
    idle: &'a Idle,
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        self.idle.connections().extend(self.connection.take());
    }
}

impl Readers {
    pub(super) fn open(path: &Path) -> Result<Self, rusqlite::Error> {
        let connections = (0..READERS).map(|_| open_reader(path)).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { idle: Arc::new(Idle(Mutex::new(connections))), turns: Arc::new(Semaphore::new(READERS)) })
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
        let idle = Arc::clone(&self.idle);
        let reading = spawn_blocking(move || {
            // The turn ends after the connection went back.
            let _turn = turn;
            let connection = idle.connections().pop();
            let mut lent = Lent { connection, idle: &idle };
            let connection = lent.connection.as_mut().ok_or(StoreError::Unavailable)?;
            let snapshot = connection.transaction()?;
            read(&snapshot)
        });
        reading.await.unwrap_or_else(|error| {
            tracing::error!(%error, "a read of the store panicked");
            Err(StoreError::Unavailable)
        })
    }
}
