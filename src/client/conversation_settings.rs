//! What a user sets of a conversation for themselves, and the unread messages that they want to keep.

use leptos::prelude::*;

use crate::{
    client::{api::RequestError, clock::now, rooms::refused, store::ClientStore},
    domain::{CommandId, Conversation, ConversationId, Seq},
    protocol::ClientFrame,
};

/// A setting of a conversation that belongs to the user, with its new value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnSetting {
    /// Whether it is muted.
    Muted(bool),
    /// Whether it is kept at the top of the list.
    Pinned(bool),
    /// The first message that is unread again.
    UnreadFrom(Seq),
}

impl ClientStore {
    /// Sets something of a conversation for the user alone. A frame tells all of the user's connections.
    ///
    /// # Errors
    /// [`RequestError`] says what to tell the user.
    pub async fn set_conversation(self, conversation: ConversationId, setting: OwnSetting) -> Result<(), RequestError> {
        let id = CommandId::new_at(now());
        let (mut muted, mut pinned, mut unread_from) = (None, None, None);
        match setting {
            OwnSetting::Muted(on) => muted = Some(on),
            OwnSetting::Pinned(on) => pinned = Some(on),
            OwnSetting::UnreadFrom(seq) => unread_from = Some(seq),
        }
        let frame = ClientFrame::SetConversation { id, conversation, muted, pinned, unread_from };
        self.request(id, frame).await.map(drop).map_err(refused)
    }

    /// The server has sent a conversation. If its read mark has moved back, the user wants to keep messages unread, so nothing
    /// marks them as read until the user leaves the conversation and comes back, or writes there.
    pub(super) fn keep_unread_if_set_back(self, conversation: &Conversation) {
        let id = conversation.id;
        let is_set_back = self
            .conversations
            .with_untracked(|all| all.get(id).is_some_and(|known| known.read_seq > conversation.read_seq));
        self.page_state.update_value(|page| {
            if is_set_back && page.open_conversation == Some(id) {
                page.keeps_unread = true;
            }
        });
    }

    /// Whether the user keeps messages of the open conversation unread.
    pub fn keeps_unread(self, conversation: ConversationId) -> bool {
        self.page_state.with_value(|page| page.keeps_unread && page.open_conversation == Some(conversation))
    }

    /// The user has read the conversation elsewhere, or has written there.
    pub(super) fn let_be_read(self, conversation: ConversationId) {
        self.page_state.update_value(|page| {
            if page.open_conversation == Some(conversation) {
                page.keeps_unread = false;
            }
        });
    }
}
