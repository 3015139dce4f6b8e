//! What a decision takes from outside: the time and new ids.

use crate::domain::{CommandId, ConversationId, Timestamp};

/// The present moment by both clocks; see `server::clock`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Now {
    /// By the server's clock, which decides when things expire.
    pub(crate) server: Timestamp,
    /// By the machine's clock, which dates what people read: events, reports, the audit log.
    pub(crate) machine: Timestamp,
    /// By how many milliseconds the machine's clock is ahead of the server's.
    pub(crate) ahead: i64,
    /// The time of the server's clock since which it has been ahead by that.
    pub(crate) ahead_since: Timestamp,
}

impl Now {
    /// Converts a time of the server's clock to the machine's clock, for people.
    pub(crate) fn shown(&self, at: Timestamp) -> Timestamp {
        Timestamp(at.0.saturating_add_signed(self.ahead))
    }
}

/// Where new ids come from.
pub(crate) trait Ids: Send {
    fn command(&mut self) -> CommandId;
    fn conversation(&mut self) -> ConversationId;
}

/// What a decision takes from outside.
pub(crate) struct Context<'a> {
    pub(crate) now: Now,
    pub(crate) ids: &'a mut dyn Ids,
    /// The room that every user is a member of.
    pub(crate) lobby: ConversationId,
}
