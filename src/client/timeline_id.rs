//! Which messages a timeline has.

use crate::domain::{ConversationId, Seq};

/// Which messages a timeline has: all of a conversation, or those of one thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimelineId {
    /// The conversation.
    pub conversation: ConversationId,
    /// The first message of the thread; `None` for all messages.
    pub thread: Option<Seq>,
}

impl TimelineId {
    /// The messages of one thread.
    pub fn of_thread(conversation: ConversationId, thread: Seq) -> Self {
        Self { conversation, thread: Some(thread) }
    }
}

impl From<ConversationId> for TimelineId {
    /// All messages of a conversation.
    fn from(conversation: ConversationId) -> Self {
        Self { conversation, thread: None }
    }
}
