//! What is only for the moment: typing, and how far somebody has read.

use crate::{
    domain::{ConversationId, Seq, User},
    server::{chat::service::ChatService, error::ChatError},
};

/// With more listeners than this, who is typing interests nobody and would cost everybody.
const LARGEST_TYPING_AUDIENCE: usize = 200;

/// That somebody types, to be told to the others.
#[derive(Debug)]
pub(crate) struct TypingSignal {
    pub(crate) conversation: ConversationId,
    pub(crate) user: User,
}

impl ChatService {
    /// Notes how far a user has read; what that changes comes to all the user's connections through the store's feed.
    pub(crate) fn read(&self, user: &User, conversation: ConversationId, seq: Seq) -> Result<(), ChatError> {
        self.audience(user, conversation)?;
        self.store.mark_read(user.id, conversation, seq);
        Ok(())
    }

    /// What there is to tell of somebody's typing: nothing if it was told just now, if too many would hear it, or of
    /// somebody who may not write there.
    pub(crate) async fn typing(
        &self,
        user: &User,
        conversation: ConversationId,
    ) -> Result<Option<TypingSignal>, ChatError> {
        let audience = self.audience(user, conversation)?;
        let worth_telling = audience <= LARGEST_TYPING_AUDIENCE && self.rates.may_type(user.id, conversation);
        let told = worth_telling && self.store.may_write(user.id, conversation).await?;
        Ok(told.then(|| TypingSignal { conversation, user: user.clone() }))
    }

    /// How many connections hear the conversation. Only members hear it, so this needs no question to the store.
    fn audience(&self, user: &User, conversation: ConversationId) -> Result<usize, ChatError> {
        self.presence.audience_size(conversation, user.id).ok_or(ChatError::UnknownConversation)
    }
}
