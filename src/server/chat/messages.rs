//! Writing messages, changing them, and reading them again.

use crate::{
    domain::{Body, CommandId, ConversationId, Emoji, Event, EventKind, MessagesPage, Seq, User, UserId},
    server::{
        chat::{directs::Direct, permissions::Permission, service::ChatService},
        error::ChatError,
        net::client_addr::ClientAddr,
        store::{HistoryWindow, NewEvent, ReplyTo},
    },
};

/// Who says something, and where the answer goes.
#[derive(Debug)]
pub(crate) struct CommandContext {
    pub(crate) user: User,
    pub(crate) asker: ReplyTo,
}

impl ChatService {
    /// Queues a message; messages of one author keep the order of these calls. The asker is answered when it is durable,
    /// or refused, through the store's feed; so it is for what follows here.
    pub(crate) async fn send(
        &self,
        speaker: CommandContext,
        id: CommandId,
        conversation: ConversationId,
        body: &str,
    ) -> Result<(), ChatError> {
        let kind = EventKind::Message { body: Body::parse(body)? };
        self.append(speaker, id, conversation, kind).await
    }

    /// Writes a message for somebody who need not be connected. It is durable when this returns.
    pub(crate) async fn write(
        &self,
        author: User,
        id: CommandId,
        conversation: ConversationId,
        body: &str,
    ) -> Result<(), ChatError> {
        let kind = EventKind::Message { body: Body::parse(body)? };
        self.store.append(NewEvent::new(author, id, conversation, kind)).await?.await?;
        Ok(())
    }

    /// Queues another text for a message of the author's.
    pub(crate) async fn edit(
        &self,
        speaker: CommandContext,
        id: CommandId,
        conversation: ConversationId,
        seq: Seq,
        body: &str,
    ) -> Result<(), ChatError> {
        let kind = EventKind::Edit { seq, body: Body::parse(body)? };
        self.append(speaker, id, conversation, kind).await
    }

    /// Queues the deletion of a message: of the author's own, or of anybody's for those who may.
    pub(crate) async fn delete(
        &self,
        speaker: CommandContext,
        id: CommandId,
        conversation: ConversationId,
        seq: Seq,
    ) -> Result<(), ChatError> {
        let kind = EventKind::Deletion { seq };
        let others = Some(Permission::DeleteMessages.rule());
        let CommandContext { user: author, asker } = speaker;
        Ok(self.store.submit(NewEvent { author, id, conversation, kind, deletion_check: others }, asker).await?)
    }

    /// Queues an emoji to be put to anybody's message, or taken away.
    pub(crate) async fn react(
        &self,
        speaker: CommandContext,
        id: CommandId,
        conversation: ConversationId,
        seq: Seq,
        emoji: &str,
        on: bool,
    ) -> Result<(), ChatError> {
        let kind = EventKind::Reaction { seq, emoji: Emoji::parse(emoji)?, on };
        self.append(speaker, id, conversation, kind).await
    }

    /// Queues a message to one user, in the direct that is found or begun for it. `known` is what this gave for that name
    /// before: it means the same user still, and if they have gone, nobody ([`ChatError::UserGone`]).
    pub(crate) async fn send_to_user(
        &self,
        speaker: CommandContext,
        peer: ClientAddr,
        id: CommandId,
        nickname: &str,
        body: &str,
        known: Option<Direct>,
    ) -> Result<Direct, ChatError> {
        // First: a message that can't be sent begins no direct.
        let body = Body::parse(body)?;
        let opener = speaker.user.clone();
        let direct = match known {
            Some(direct) if self.presence.is_online_as(direct.with, nickname) => direct,
            Some(direct) if self.store.is_gone(direct.with).await? => return Err(ChatError::UserGone),
            Some(direct) => direct,
            None => self.open_direct(opener, peer, nickname).await?.done().await?,
        };
        self.append(speaker, id, direct.id, EventKind::Message { body }).await?;
        Ok(direct)
    }

    async fn append(
        &self,
        speaker: CommandContext,
        id: CommandId,
        conversation: ConversationId,
        kind: EventKind,
    ) -> Result<(), ChatError> {
        let CommandContext { user, asker } = speaker;
        Ok(self.store.submit(NewEvent::new(user, id, conversation, kind), asker).await?)
    }

    /// A stretch of a conversation that `reader` is in: at most so many messages and bytes, but one at least.
    pub(crate) async fn messages(
        &self,
        reader: UserId,
        conversation: ConversationId,
        window: HistoryWindow,
        limit: u32,
        bytes: usize,
    ) -> Result<MessagesPage, ChatError> {
        Ok(self.store.messages(reader, conversation, window, limit, bytes).await?)
    }

    /// The first of the events that somebody missed, of a conversation that they are known to be in: at most so many, and
    /// of so many bytes, but one at least.
    pub(crate) async fn missed(
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
