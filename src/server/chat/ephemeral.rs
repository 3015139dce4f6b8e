//! Read marks and typing.

use crate::{
    domain::{ConversationId, Seq, User},
    server::{bus::TypingSignal, chat::service::ChatService, error::ChatError, hub::MAX_TYPING_AUDIENCE},
};

impl ChatService {
    /// Saves how far a user has read. All connections of the user learn it through the store's feed.
    pub(in crate::server) fn mark_read(
        &self,
        user: &User,
        conversation: ConversationId,
        seq: Seq,
    ) -> Result<(), ChatError> {
        self.audience_size(user, conversation)?;
        self.store.mark_read(user.id, conversation, seq);
        Ok(())
    }

    /// Decides whether typing is announced. Returns `None` if it was announced a moment ago, if the audience is too large,
    /// or if the user may not write there.
    pub(in crate::server) async fn typing(
        &self,
        user: &User,
        conversation: ConversationId,
    ) -> Result<Option<TypingSignal>, ChatError> {
        let audience_size = self.audience_size(user, conversation)?;
        let is_due = audience_size <= MAX_TYPING_AUDIENCE && self.rate_limits.charge_typing(user.id, conversation);
        let is_announced = is_due && self.store.may_write(user.id, conversation).await?;
        Ok(is_announced.then(|| TypingSignal { conversation, user: user.clone() }))
    }

    /// How many connections are subscribed to a conversation. Only members are, so the store need not be asked.
    fn audience_size(&self, user: &User, conversation: ConversationId) -> Result<usize, ChatError> {
        self.presence.audience_size(conversation, user.id).ok_or(ChatError::UnknownConversation)
    }
}
