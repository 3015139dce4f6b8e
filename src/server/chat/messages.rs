//! Writing, changing and reading messages.

use crate::{
    domain::{Body, CommandId, ConversationId, Emoji, Event, EventKind, MessagesPage, Seq, UserId},
    server::{
        chat::{command_context::CommandContext, directs::Direct, service::ChatService},
        error::ChatError,
        rules::SendEvent,
        store::{HistoryWindow, ReplyTo},
    },
};

/// The id of a connection's command, and where its answer goes: to the connection, through the store's feed, once the
/// command is durable or refused.
#[derive(Clone, Copy, Debug)]
pub(in crate::server) struct PendingCommand {
    pub(in crate::server) id: CommandId,
    pub(in crate::server) reply_to: ReplyTo,
}

impl ChatService {
    /// Queues a message, which may answer another one. Messages of one author keep the order of these calls.
    pub(in crate::server) async fn send(
        &self,
        context: CommandContext,
        command: PendingCommand,
        conversation: ConversationId,
        body: &str,
        reply_to: Option<Seq>,
    ) -> Result<(), ChatError> {
        let kind = EventKind::message(Body::parse(body)?);
        let event = SendEvent { author: context.user, id: command.id, conversation, kind, reply_to };
        Ok(self.store.submit(event, command.reply_to).await?)
    }

    /// Writes a message of an author who need not be connected. It is durable when this returns.
    pub(in crate::server) async fn post(
        &self,
        context: CommandContext,
        id: CommandId,
        conversation: ConversationId,
        body: &str,
        reply_to: Option<Seq>,
    ) -> Result<(), ChatError> {
        let kind = EventKind::message(Body::parse(body)?);
        self.store.execute(SendEvent { author: context.user, id, conversation, kind, reply_to }).await?;
        Ok(())
    }

    /// Queues a new text for a message of the author's.
    pub(in crate::server) async fn edit(
        &self,
        context: CommandContext,
        command: PendingCommand,
        conversation: ConversationId,
        seq: Seq,
        body: &str,
    ) -> Result<(), ChatError> {
        let kind = EventKind::edit(seq, Body::parse(body)?);
        self.submit(context, command, conversation, kind).await
    }

    /// Queues the deletion of a message: one of the author's own, or any message if the author's role permits.
    pub(in crate::server) async fn delete(
        &self,
        context: CommandContext,
        command: PendingCommand,
        conversation: ConversationId,
        seq: Seq,
    ) -> Result<(), ChatError> {
        self.submit(context, command, conversation, EventKind::Deletion { seq }).await
    }

    /// Queues adding an emoji to a message of anybody's (`on`), or removing it.
    pub(in crate::server) async fn react(
        &self,
        context: CommandContext,
        command: PendingCommand,
        conversation: ConversationId,
        seq: Seq,
        emoji: &str,
        on: bool,
    ) -> Result<(), ChatError> {
        let kind = EventKind::Reaction { seq, emoji: Emoji::parse(emoji)?, on };
        self.submit(context, command, conversation, kind).await
    }

    /// Queues pinning a message in its conversation (`on`), or removing the pin.
    pub(in crate::server) async fn pin(
        &self,
        context: CommandContext,
        command: PendingCommand,
        conversation: ConversationId,
        seq: Seq,
        on: bool,
    ) -> Result<(), ChatError> {
        self.submit(context, command, conversation, EventKind::Pin { seq, on }).await
    }

    /// Queues a message to one user, and opens the direct with them if there is none. Returns the direct.
    ///
    /// `known` is what an earlier call returned for this nickname. With it the nickname still means the same user, even if
    /// somebody else has it by now.
    ///
    /// # Errors
    /// [`ChatError::UserGone`] if the user of `known` has given the nickname up.
    pub(in crate::server) async fn send_to_user(
        &self,
        context: CommandContext,
        command: PendingCommand,
        nickname: &str,
        body: &str,
        known: Option<Direct>,
    ) -> Result<Direct, ChatError> {
        // Before opening a direct: an invalid message must not open one.
        let body = Body::parse(body)?;
        let direct = match known {
            Some(direct) if self.presence.is_online_as(direct.with, nickname) => direct,
            Some(direct) if self.store.is_gone(direct.with).await? => return Err(ChatError::UserGone),
            Some(direct) => direct,
            None => self.open_direct_by_nickname(&context, nickname).await?.opened().await?,
        };
        self.submit(context, command, direct.id, EventKind::message(body)).await?;
        Ok(direct)
    }

    async fn submit(
        &self,
        context: CommandContext,
        command: PendingCommand,
        conversation: ConversationId,
        kind: EventKind,
    ) -> Result<(), ChatError> {
        let event = SendEvent { author: context.user, id: command.id, conversation, kind, reply_to: None };
        Ok(self.store.submit(event, command.reply_to).await?)
    }

    /// Returns messages of a conversation that `reader` is a member of: at most `limit`, and at most `bytes` bytes of text
    /// unless a single message is longer.
    pub(in crate::server) async fn messages(
        &self,
        reader: UserId,
        conversation: ConversationId,
        window: HistoryWindow,
        limit: u32,
        bytes: usize,
    ) -> Result<MessagesPage, ChatError> {
        Ok(self.store.messages(reader, conversation, window, limit, bytes).await?)
    }

    /// Returns the first events after `after`, up to `up_to`: at most `limit`, and at most `bytes` bytes unless a single
    /// event is longer. The caller has checked the membership.
    pub(in crate::server) async fn missed_events(
        &self,
        conversation: ConversationId,
        after: Seq,
        up_to: Seq,
        limit: u32,
        bytes: usize,
    ) -> Result<Vec<Event>, ChatError> {
        Ok(self.store.events(conversation, after, up_to, limit, bytes).await?)
    }
}
