//! The commit log: everything that was ever committed, in one order for the whole store.

use std::fmt;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::{
    domain::{Event, Timestamp},
    server::{rules::Entry, store::error::StoreError},
};

/// A place in the commit log: 1, 2, 3 … in commit order, without gaps. 0 is before the first entry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Position(pub(crate) u64);

impl Position {
    /// Before the first entry.
    pub(crate) const START: Self = Self(0);

    /// The position after this one.
    #[must_use]
    pub(crate) const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An entry of the commit log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CommitEntry {
    pub(crate) position: Position,
    /// When it was committed, by the machine's clock.
    pub(crate) at: Timestamp,
    pub(crate) change: Change,
}

/// What an entry of the commit log tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Change {
    /// A new event of a conversation. Read from the log later, it carries the present text of its message, and the present
    /// name of its author.
    Event {
        event: Event,
        /// Whether the conversation is a direct. The simple protocol shows its messages as private.
        direct: bool,
    },
    /// Anything else.
    Entry(Entry),
}

/// Reading the commit log, and the positions of its consumers.
#[async_trait]
pub(crate) trait CommitLog: Send + Sync {
    /// Entries after a position, in ascending order: at most `limit`, and at most about `bytes` bytes, but at least one if
    /// there is one.
    async fn log_after(&self, after: Position, limit: u32, bytes: usize) -> Result<Vec<CommitEntry>, StoreError>;

    /// The position of the newest entry. Its changes wake up those who wait for new entries.
    fn log_head(&self) -> watch::Receiver<Position>;

    /// The position of the newest entry that another node has committed, as far as this one knows. The feed does not bring
    /// such entries. `None` if no other node shares the log.
    fn foreign_head(&self) -> Option<watch::Receiver<Position>> {
        None
    }

    /// Up to which position a consumer has processed the log; [`Position::START`] for one that has saved nothing yet.
    #[cfg_attr(
        not(any(test, feature = "early-ack")),
        expect(dead_code, reason = "only tests read the log under a name so far")
    )]
    async fn consumer_position(&self, name: &'static str) -> Result<Position, StoreError>;

    /// Saves up to which position a consumer has processed the log. Durable when it returns. It never goes back.
    #[cfg_attr(
        not(any(test, feature = "early-ack")),
        expect(dead_code, reason = "only tests read the log under a name so far")
    )]
    async fn save_consumer_position(&self, name: &'static str, position: Position) -> Result<(), StoreError>;
}
