//! Threads: reading and muting them; and what a user was told of.

use crate::{
    domain::{ConversationId, MentionPage, MessagesPage, Seq, ThreadPage, UserId},
    server::{
        chat::{command_context::CommandContext, service::ChatService},
        error::ChatError,
        rules::{MuteThread, RoomAnswer},
        store::{HistoryWindow, Receipt, ToldSortKey},
    },
};

impl ChatService {
    /// Returns the messages at these seqs of a conversation that `reader` is a member of: at most `bytes` bytes of text, unless
    /// a single message is longer.
    pub(in crate::server) async fn messages_at(
        &self,
        reader: UserId,
        conversation: ConversationId,
        seqs: Vec<Seq>,
        bytes: usize,
    ) -> Result<MessagesPage, ChatError> {
        Ok(self.store.messages_at(reader, conversation, seqs, bytes).await?)
    }

    /// Returns the first message of a thread, and at most `limit` of its replies.
    ///
    /// # Errors
    /// [`ChatError::UnknownMessage`] if no message of the conversation begins a thread.
    pub(in crate::server) async fn thread(
        &self,
        reader: UserId,
        conversation: ConversationId,
        (thread, window): (Seq, HistoryWindow),
        limit: u32,
        bytes: usize,
    ) -> Result<ThreadPage, ChatError> {
        Ok(self.store.thread(reader, conversation, thread, window, limit, bytes).await?)
    }

    /// Returns messages that `reader` was told of, the newest first, in conversations that `reader` is a member of.
    pub(in crate::server) async fn mentions(
        &self,
        reader: UserId,
        before: Option<ToldSortKey>,
        limit: u32,
        bytes: usize,
    ) -> Result<MentionPage, ChatError> {
        Ok(self.store.mentions(reader, before, limit, bytes).await?)
    }

    /// Queues muting a thread (`on`), or the opposite.
    pub(in crate::server) async fn mute_thread(
        &self,
        context: CommandContext,
        conversation: ConversationId,
        thread: Seq,
        on: bool,
    ) -> Result<Receipt<RoomAnswer>, ChatError> {
        Ok(self.store.queue(MuteThread { user: context.user.id, conversation, thread, on }).await?)
    }
}
