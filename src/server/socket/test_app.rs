//! The application state for tests of WebSockets.

use std::sync::Arc;

use tempfile::TempDir;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::server::{
    config::{Config, Timing},
    readiness::Readiness,
    run::Server,
    sign_in_permits::SignInPermits,
    state::AppState,
    store::{CommitFeed, Store},
};

/// A server in a new folder.
pub(super) struct TestApp {
    pub(super) app: Arc<AppState>,
    pub(super) store: Arc<dyn Store>,
    /// What the store commits.
    pub(super) feed: CommitFeed,
    /// The folder is deleted when this is dropped.
    pub(super) _folder: TempDir,
}

pub(super) async fn test_app(timing: Timing) -> TestApp {
    let folder = TempDir::new().expect("a folder");
    let config = Config { data: folder.path().to_owned(), ..Config::default() };
    let Server { store, feed, chat, hub, .. } = Server::open(config).await.expect("a server");
    let app = AppState {
        chat,
        hub,
        timing: Arc::new(timing),
        public_url: None,
        stopping: CancellationToken::new(),
        tasks: TaskTracker::new(),
        sign_in_permits: SignInPermits::default(),
        readiness: Readiness::default(),
    };
    TestApp { app: Arc::new(app), store, feed, _folder: folder }
}
