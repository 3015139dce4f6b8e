//! The stores that the suite is for.

use std::sync::Arc;

use async_trait::async_trait;
use tempfile::TempDir;
use uuid::Uuid;

use crate::{
    domain::{ConversationId, UserId},
    server::{
        rules::{OpenDirect, UserRef},
        store::{
            CommitFeed, PostgresStore, SqliteStore, Store,
            clock_source::ClockSource,
            contract::{clock::ClockOfNodes, verified_postgres},
            memory::MemoryStore,
            postgres::TestDatabase,
            verify,
        },
    },
};

/// A kind of store, with the place where it keeps its data. The data is there until this is dropped.
#[async_trait]
pub(super) trait Backend: Send + Sync {
    /// Opens the store, again if it was open before: what was committed must be there.
    async fn open(&mut self, clock: Arc<dyn ClockSource>) -> (Arc<dyn Store>, CommitFeed);

    /// Opens the store as each of its nodes sees it. Their commands can be mixed, as long as each waits for the one before.
    async fn open_nodes(&mut self, clock: Arc<dyn ClockSource>) -> Vec<(Arc<dyn Store>, CommitFeed)> {
        vec![self.open(clock).await]
    }

    /// What is wrong with the data that cannot be seen through the store; nothing if all is well.
    async fn findings(&self) -> String {
        String::new()
    }
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

    /// As `teahouse verify` tells it.
    async fn findings(&self) -> String {
        verify(self.0.path(), &mut |_, _| {}).expect("a verification").to_string()
    }
}

/// PostgreSQL, in a database of its own, which is made when the store is first opened.
#[derive(Default)]
pub(super) struct OnPostgres(Option<TestDatabase>);

#[async_trait]
impl Backend for OnPostgres {
    async fn open(&mut self, clock: Arc<dyn ClockSource>) -> (Arc<dyn Store>, CommitFeed) {
        let database = match &self.0 {
            Some(database) => database,
            None => self.0.insert(TestDatabase::with_tables().await),
        };
        let (store, feed) = PostgresStore::open(database.database(), clock).await.expect("a store");
        (Arc::new(store), feed)
    }

    async fn findings(&self) -> String {
        match &self.0 {
            Some(database) => verified_postgres::findings(&database.client().await).await,
            None => String::new(),
        }
    }
}

/// So many nodes on one database of PostgreSQL.
#[derive(Default)]
pub(super) struct OnNodes<const NODES: usize>(OnPostgres);

#[async_trait]
impl<const NODES: usize> Backend for OnNodes<NODES> {
    async fn open(&mut self, clock: Arc<dyn ClockSource>) -> (Arc<dyn Store>, CommitFeed) {
        self.0.open(clock).await
    }

    async fn open_nodes(&mut self, clock: Arc<dyn ClockSource>) -> Vec<(Arc<dyn Store>, CommitFeed)> {
        let clock = Arc::new(ClockOfNodes::new(clock));
        let (first, feed) = self.0.open(Arc::clone(&clock) as _).await;
        // The first one releases the nicknames of guests who have no session.
        let nobody = UserId::from_uuid(Uuid::max());
        let refused = first.execute(OpenDirect { opener: nobody, target: UserRef::Id(nobody) }).await;
        refused.expect_err("nobody opens nothing");
        let mut nodes = vec![(first, feed)];
        while nodes.len() < NODES {
            nodes.push(self.0.open(Arc::clone(&clock) as _).await);
        }
        nodes
    }

    async fn findings(&self) -> String {
        self.0.findings().await
    }
}
