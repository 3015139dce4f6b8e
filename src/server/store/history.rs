//! Reading the history of conversations.

use async_trait::async_trait;

use crate::{
    domain::{ConversationId, Event, Message, MessagesPage, Seq, Timestamp, UserId},
    server::store::error::StoreError,
};

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
    /// The message, without its reactions and mentions.
    pub message: Message,
}

/// Reading messages and events. Each method reads from one snapshot.
#[async_trait]
pub(crate) trait History: Send + Sync {
    /// At most `limit` messages in ascending order, and at most about `bytes` bytes, but at least one message.
    ///
    /// # Errors
    /// [`Refusal::NotMember`](crate::server::rules::Refusal::NotMember) if the conversation is not in the reader's list.
    async fn messages(
        &self,
        reader: UserId,
        conversation: ConversationId,
        window: HistoryWindow,
        limit: u32,
        bytes: usize,
    ) -> Result<MessagesPage, StoreError>;

    /// At most `limit` messages for the operator, the newest first.
    async fn find_messages(&self, lookup: MessageLookup, limit: u32) -> Result<Vec<FoundMessage>, StoreError>;

    /// Events after `after` up to `up_to`, ascending: at most `limit`, and at most about `bytes` bytes, but at least one.
    /// A message or edit carries its own text, which is empty once the message is deleted.
    async fn events(
        &self,
        conversation: ConversationId,
        after: Seq,
        up_to: Seq,
        limit: u32,
        bytes: usize,
    ) -> Result<Vec<Event>, StoreError>;

    /// At most `limit` conversations with events from before `before` (server's clock) that retention has not processed.
    async fn due_for_retention(&self, before: Timestamp, limit: u32) -> Result<Vec<ConversationId>, StoreError>;
}
