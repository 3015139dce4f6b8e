//! What became of messages: pins, earlier texts, changes.

use crate::{
    domain::{ChangesPage, ConversationId, MessageHistory, PinnedMessages, Seq, UserId},
    server::{chat::service::ChatService, error::ChatError},
};

impl ChatService {
    /// Returns the pinned messages of a conversation that `reader` is a member of, the newest pin first.
    pub(in crate::server) async fn pinned_messages(
        &self,
        reader: UserId,
        conversation: ConversationId,
    ) -> Result<PinnedMessages, ChatError> {
        Ok(self.store.pinned_messages(reader, conversation).await?)
    }

    /// Returns the texts that a message has had, the oldest first.
    ///
    /// # Errors
    /// [`ChatError::UnknownMessage`] if it is deleted, or none.
    pub(in crate::server) async fn message_history(
        &self,
        reader: UserId,
        conversation: ConversationId,
        seq: Seq,
    ) -> Result<MessageHistory, ChatError> {
        Ok(self.store.message_history(reader, conversation, seq).await?)
    }

    /// Returns the first events after `after` that change messages up to it: at most `limit`, and at most `bytes` bytes unless
    /// a single event is longer.
    pub(in crate::server) async fn changes(
        &self,
        reader: UserId,
        conversation: ConversationId,
        after: Seq,
        limit: u32,
        bytes: usize,
    ) -> Result<ChangesPage, ChatError> {
        Ok(self.store.changes(reader, conversation, after, limit, bytes).await?)
    }
}
