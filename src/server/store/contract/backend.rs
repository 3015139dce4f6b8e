//! The stores that the suite is for.

use std::sync::Arc;

use async_trait::async_trait;
use tempfile::TempDir;

use crate::{
    domain::ConversationId,
    server::store::{CommitFeed, SqliteStore, Store, clock_source::ClockSource, memory::MemoryStore, verify},
};

/// A kind of store, with the place where it keeps its data. The data is there until this is dropped.
#[async_trait]
pub(super) trait Backend: Send {
    /// Opens the store, again if it was open before: what was committed must be there.
    async fn open(&mut self, clock: Arc<dyn ClockSource>) -> (Arc<dyn Store>, CommitFeed);
}

/// The reference store.
#[derive(Default)]
pub(super) struct InMemory {
    /// The Lobby of a new store; `None`: any.
    lobby: Option<ConversationId>,
    store: Option<Arc<MemoryStore>>,
}

impl InMemory {
    pub(super) fn with_lobby(lobby: ConversationId) -> Self {
        Self { lobby: Some(lobby), store: None }
    }

    /// The store, once it is open.
    pub(super) fn store(&self) -> &MemoryStore {
        self.store.as_ref().expect("the store is open")
    }
}

#[async_trait]
impl Backend for InMemory {
    async fn open(&mut self, clock: Arc<dyn ClockSource>) -> (Arc<dyn Store>, CommitFeed) {
        let (store, feed) = match &self.store {
            Some(store) => store.reopen(),
            None => MemoryStore::open(clock, self.lobby.unwrap_or_else(ConversationId::generate)),
        };
        let store = Arc::new(store);
        self.store = Some(Arc::clone(&store));
        (store, feed)
    }
}

/// SQLite, in a folder of its own.
pub(super) struct OnSqlite(TempDir);

impl OnSqlite {
    /// What is wrong with the data, as `teahouse verify` tells it.
    pub(super) fn findings(&self) -> String {
        verify(self.0.path(), &mut |_, _| {}).expect("a verification").to_string()
    }
}

impl Default for OnSqlite {
    fn default() -> Self {
        Self(TempDir::new().expect("a folder"))
    }
}

#[async_trait]
impl Backend for OnSqlite {
    async fn open(&mut self, clock: Arc<dyn ClockSource>) -> (Arc<dyn Store>, CommitFeed) {
        let (store, feed) = SqliteStore::open(self.0.path(), None, clock).expect("a store");
        (Arc::new(store), feed)
    }
}
