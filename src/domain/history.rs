//! Pages of a conversation's messages.

use serde::{Deserialize, Serialize};

use super::{ids::Seq, message::Message};

/// Consecutive messages of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessagesPage {
    /// The messages, in ascending order of `seq`.
    pub messages: Vec<Message>,
    /// The conversation's newest event when the page was read: all events up to it are folded into the messages.
    pub as_of: Seq,
    /// Whether there are more messages in the requested direction.
    pub more: bool,
}
