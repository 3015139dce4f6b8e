//! Reading what became of messages: pins, earlier texts, changes.

use async_trait::async_trait;

use crate::{
    domain::{
        ChangesPage, ConversationId, Event, EventKind, MessageHistory, MessageVersion, PinnedMessages, Seq, UserId,
    },
    server::store::error::StoreError,
};

/// How many texts of a message are read, at most: the newest ones.
pub(super) const MAX_VERSIONS: u32 = 100;

/// Reading what became of messages. Each method reads from one snapshot.
///
/// # Errors
/// All of them: [`Refusal::NotMember`](crate::server::rules::Refusal::NotMember) if the conversation is not in the reader's list.
#[async_trait]
pub(crate) trait MessageChanges: Send + Sync {
    /// The pinned messages of a conversation, the newest pin first.
    async fn pinned_messages(&self, reader: UserId, conversation: ConversationId)
    -> Result<PinnedMessages, StoreError>;

    /// The newest [`MAX_VERSIONS`] texts of a message, the oldest first. Texts that an earlier version of this program removed
    /// with an edit are missing.
    ///
    /// # Errors
    /// [`Refusal::UnknownMessage`](crate::server::rules::Refusal::UnknownMessage) if it is deleted, or none.
    async fn message_history(
        &self,
        reader: UserId,
        conversation: ConversationId,
        seq: Seq,
    ) -> Result<MessageHistory, StoreError>;

    /// The events after `after` that change a message up to `after`, ascending: edits, deletions, reactions and pins. At most
    /// `limit`, and at most about `bytes` bytes, but at least one.
    async fn changes(
        &self,
        reader: UserId,
        conversation: ConversationId,
        after: Seq,
        limit: u32,
        bytes: usize,
    ) -> Result<ChangesPage, StoreError>;
}

/// Whether an event changes a message up to `up_to`.
#[cfg(test)]
pub(super) fn is_change_of(kind: &EventKind, up_to: Seq) -> bool {
    kind.target().is_some_and(|target| target <= up_to)
}

/// The text that a message has had since this event; `None` if it was removed.
pub(super) fn version_of(event: Event) -> Option<MessageVersion> {
    match event.kind {
        EventKind::Message { body, mentions, .. } | EventKind::Edit { body, mentions, .. }
            if !body.as_str().is_empty() =>
        {
            Some(MessageVersion { at: event.at, body, mentions })
        }
        _ => None,
    }
}
