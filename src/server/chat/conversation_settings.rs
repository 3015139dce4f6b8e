//! What members set of a conversation for themselves.

use crate::{
    domain::{ConversationId, Seq, Timestamp},
    server::{
        chat::{command_context::CommandContext, service::ChatService},
        error::ChatError,
        rules::{MemberSetting, SetConversation},
        store::Receipt,
    },
};

/// A setting as a client asks for it.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::server) struct ConversationSettingRequest {
    pub(in crate::server) muted: Option<bool>,
    pub(in crate::server) pinned: Option<bool>,
    pub(in crate::server) unread_from: Option<Seq>,
}

impl ConversationSettingRequest {
    /// The setting that is to be changed.
    ///
    /// # Errors
    /// [`ChatError::BadRequest`] unless there is exactly one.
    fn to_setting(self) -> Result<MemberSetting, ChatError> {
        match (self.muted, self.pinned, self.unread_from) {
            (Some(on), None, None) => Ok(MemberSetting::Muted(on)),
            (None, Some(on), None) => Ok(MemberSetting::Pinned(on)),
            (None, None, Some(seq)) => Ok(MemberSetting::UnreadFrom(seq)),
            _ => Err(ChatError::BadRequest("exactly one setting is changed at a time")),
        }
    }
}

impl ChatService {
    /// Queues a setting of a conversation. The user's connections have been told once the receipt is delivered.
    pub(in crate::server) async fn set_conversation(
        &self,
        context: CommandContext,
        conversation: ConversationId,
        request: ConversationSettingRequest,
    ) -> Result<Receipt<Timestamp>, ChatError> {
        let command = SetConversation { user: context.user.id, conversation, setting: request.to_setting()? };
        Ok(self.store.set_conversation(command).await?)
    }
}
