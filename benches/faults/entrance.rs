//! How clients reach the servers.

use std::{net::SocketAddr, time::Duration};

use super::proxy::Routes;

#[derive(Clone)]
pub(crate) struct Entrance {
    pub(crate) address: SocketAddr,
    pub(crate) routes: Routes,
    /// How long a writer waits for a frame.
    pub(crate) patience: Duration,
    /// Whether there is one server, which breaks a promise if it sends nothing for so long. If not, the writer connects again.
    pub(crate) must_answer: bool,
}
