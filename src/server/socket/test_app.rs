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
    store::CommitFeed,
};

/// The state of a server in a new folder, and the feed of what it commits. The folder is deleted when it is dropped.
pub(super) fn test_app(timing: Timing) -> (Arc<AppState>, CommitFeed, TempDir) {
    let folder = TempDir::new().expect("a folder");
    let config = Config { data: folder.path().to_owned(), ..Config::default() };
    let Server { feed, chat, hub, .. } = Server::open(config).expect("a server");
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
    (Arc::new(app), feed, folder)
}
