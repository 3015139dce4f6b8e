//! When a writer got answers, and from which server.

use tokio::time::Instant;

#[derive(Debug, Default)]
pub(crate) struct TalkLog {
    pub(crate) connections: Vec<TalkConnection>,
    /// When commands were acked first.
    pub(crate) acks: Vec<Instant>,
}

/// A connection after its welcome.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TalkConnection {
    pub(crate) opened_at: Instant,
    /// The number of its server; `None` if it ended at once.
    pub(crate) server: Option<usize>,
}

impl TalkLog {
    /// Notes a new connection. Returns whether it goes to another server than the one before.
    pub(crate) fn connect(&mut self, server: Option<usize>) -> bool {
        let last = self.connections.last().and_then(|connection| connection.server);
        self.connections.push(TalkConnection { opened_at: Instant::now(), server });
        matches!((last, server), (Some(last), Some(server)) if last != server)
    }
}
