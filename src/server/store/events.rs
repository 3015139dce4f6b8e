//! Commands that become events, and reading the history of a conversation.

use crate::{
    domain::{CommandId, ConversationId, EventKind, Message, Seq, Timestamp, User, UserId},
    server::store::moderation::RoleCheck,
};

/// A command that becomes an event.
#[derive(Debug)]
pub(crate) struct NewEvent {
    pub author: User,
    pub id: CommandId,
    pub conversation: ConversationId,
    pub kind: EventKind,
    /// For a deletion: whether the author's role allows deleting another user's message. `None`: own messages only.
    pub deletion_check: Option<RoleCheck>,
}

impl NewEvent {
    /// An event that changes at most the author's own messages.
    pub(crate) fn new(author: User, id: CommandId, conversation: ConversationId, kind: EventKind) -> Self {
        Self { author, id, conversation, kind, deletion_check: None }
    }
}

/// The connection that gets the reply to a command. The number is the hub's; the store only hands it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ReplyTo(pub u64);

/// Where the event of a command is in the log, and when it was committed. For a repeated command: the first event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EventPosition {
    pub conversation: ConversationId,
    pub seq: Seq,
    pub at: Timestamp,
}

/// Which messages of a conversation to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HistoryWindow {
    /// The newest messages.
    Newest,
    /// The newest messages before this position.
    Before(Seq),
    /// The oldest messages after this position.
    After(Seq),
}

/// Which messages the operator wants to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MessageLookup {
    InConversation(ConversationId),
    /// Messages of a user, in all conversations that the user is a member of.
    ByAuthor(UserId),
}

/// A message and its conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FoundMessage {
    pub conversation: ConversationId,
    /// The message, without its reactions.
    pub message: Message,
}
