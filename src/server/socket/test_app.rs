//! The application state for tests of WebSockets.

use std::sync::Arc;

use tempfile::TempDir;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::server::{
    App, Config, Server, config::Timing, http::Readiness, sign_in_permits::SignInPermits, store::Feed,
};

/// The state of a server in a new folder, and the feed of what it commits. The folder is deleted when it is dropped.
pub(super) fn test_app(timing: Timing) -> (Arc<App>, Feed, TempDir) {
    let folder = TempDir::new().expect("a folder");
    let config = Config { data: folder.path().to_owned(), ..Config::default() };
    let Server { feed, house, .. } = Server::open(config).expect("a server");
    let app = App {
        chat: house.chat,
        hub: house.hub,
        timing: Arc::new(timing),
        stopping: CancellationToken::new(),
        tasks: TaskTracker::new(),
        sign_in_permits: SignInPermits::default(),
        readiness: Readiness::default(),
    };
    (Arc::new(app), feed, folder)
}
