//! What the endpoints share.

use std::sync::Arc;

use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::server::{
    chat::ChatService, config::Timing, hub::Hub, net::public_url::PublicUrl, readiness::Readiness,
    sign_in_permits::SignInPermits,
};

/// The services and limits that all requests and connections of a server work with.
pub(super) struct AppState {
    pub(super) chat: Arc<ChatService>,
    pub(super) hub: Arc<Hub>,
    pub(super) timing: Arc<Timing>,
    /// The address that links to this server begin with, if the operator configured one.
    pub(super) public_url: Option<PublicUrl>,
    /// Cancelled when the server stops.
    pub(super) stopping: CancellationToken,
    /// Owns the tasks of connections, so that the server can wait for them when it stops.
    pub(super) tasks: TaskTracker,
    /// Bounds how many connections sign in at the same time.
    pub(super) sign_in_permits: SignInPermits,
    pub(super) readiness: Readiness,
}
