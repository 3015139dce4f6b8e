//! Pages of messages, and what is read of their past.

use serde::{Deserialize, Serialize};

use super::{
    body::Body,
    event::Event,
    ids::{ConversationId, Seq, Timestamp},
    mention::Mention,
    message::Message,
};

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

/// A thread: its first message and consecutive replies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThreadPage {
    /// The first message, then the replies.
    #[serde(flatten)]
    pub page: MessagesPage,
    /// Whether the reader has muted the thread.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub muted: bool,
}

/// Messages that a user was told of, in all conversations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MentionPage {
    /// The messages, the newest first.
    pub mentions: Vec<ToldMessage>,
    /// An opaque cursor for older ones; `None` if there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub older: Option<String>,
}

/// A message that a user was told of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToldMessage {
    /// The conversation of the message.
    pub conversation: ConversationId,
    /// The message.
    pub message: Message,
}

/// The pinned messages of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PinnedMessages {
    /// The messages, the newest pin first.
    pub messages: Vec<Message>,
    /// The conversation's newest event when they were read.
    pub as_of: Seq,
}

/// The texts that a message has had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageHistory {
    /// The texts, the oldest first.
    pub versions: Vec<MessageVersion>,
}

/// A text that a message has or had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageVersion {
    /// Since when.
    pub at: Timestamp,
    /// The text.
    pub body: Body,
    /// The mentions in the text, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<Mention>,
}

/// Events that changed earlier messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangesPage {
    /// The events, the oldest first.
    pub events: Vec<Event>,
    /// The conversation's newest event when they were read.
    pub as_of: Seq,
    /// Whether there are more.
    pub more: bool,
}
