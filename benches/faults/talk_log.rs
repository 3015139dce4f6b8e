//! When a writer got answers, and from which server.

use std::time::Duration;

use tokio::time::Instant;

#[derive(Debug, Default)]
pub(crate) struct TalkLog {
    pub(crate) connections: Vec<TalkConnection>,
    /// When commands were acked first.
    pub(crate) acks: Vec<Instant>,
    /// The longest time from sending a command first to its ack.
    pub(crate) longest_wait: Duration,
    /// The longest time from losing a connection to the next welcome.
    pub(crate) longest_gap: Duration,
    /// When the last connection was lost, until the next welcome.
    lost_at: Option<Instant>,
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
        let (now, last) = (Instant::now(), self.connections.last().and_then(|connection| connection.server));
        self.longest_gap = self.longest_gap.max(self.lost_at.take().map_or(Duration::ZERO, |lost_at| now - lost_at));
        self.connections.push(TalkConnection { opened_at: now, server });
        matches!((last, server), (Some(last), Some(server)) if last != server)
    }
    /// Notes that a connection was lost, or could not be opened.
    pub(crate) fn disconnect(&mut self) {
        self.lost_at.get_or_insert_with(Instant::now);
    }

    /// Notes an ack of a command that was first sent at this time.
    pub(crate) fn ack(&mut self, sent_at: Instant) {
        let now = Instant::now();
        self.longest_wait = self.longest_wait.max(now - sent_at);
        self.acks.push(now);
    }
}
