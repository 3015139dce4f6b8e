//! What the user does without a command: typing and reading.

use leptos::prelude::*;

use crate::{
    client::{
        clock::elapsed, connection_command::ConnectionCommand, connection_status::ConnectionStatus, store::ClientStore,
    },
    domain::{ConversationId, Seq},
    protocol::ClientFrame,
    state::UnreadCount,
};

/// The shortest time between two `typing` frames of a conversation, in milliseconds.
const TYPING_INTERVAL: u64 = 2_500;

impl ClientStore {
    /// The user is typing: tells the other members, but not too often.
    pub fn send_typing(self, conversation: ConversationId) {
        let now = elapsed();
        let last = self.page_state.with_value(|page| page.last_typing);
        if last.is_none_or(|(previous, at)| previous != conversation || now - at >= TYPING_INTERVAL) {
            self.page_state.update_value(|page| page.last_typing = Some((conversation, now)));
            self.send_to_connection(ConnectionCommand::Send(ClientFrame::Typing { conversation }));
        }
    }

    /// The user has read all of a conversation.
    pub fn mark_read(self, conversation: ConversationId) {
        let unread_up_to = self.conversations.with_untracked(|conversations| {
            conversations.get(conversation).filter(|c| c.read_seq < c.last_seq).map(|c| c.last_seq)
        });
        let is_online = self.connection_status.get_untracked() == ConnectionStatus::Online;
        if let Some(seq) = unread_up_to.filter(|_| is_online) {
            self.apply_read_mark(conversation, seq);
            self.send_to_connection(ConnectionCommand::Send(ClientFrame::Read { conversation, seq }));
        }
    }

    /// The user has read up to `seq`, on this connection or another one.
    pub(super) fn apply_read_mark(self, conversation: ConversationId, seq: Seq) {
        let count = self.conversations.try_update(|conversations| conversations.mark_read(conversation, seq));
        if count == Some(UnreadCount::Unknown) {
            self.refresh_conversation(conversation);
        }
    }
}
