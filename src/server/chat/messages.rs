//! Writing messages, and reading them again.

use crate::{
    domain::{Body, CommandId, ConversationId, Seq, User, UserId},
    protocol::{Change, Event, MessagesPage},
};

use super::{
    super::store::{Appended, NewEvent, Receipt, Window},
    Chat, ChatError,
};

impl Chat {
    /// Queues a message; messages of one author keep the order of these calls. The receipt tells when it is durable.
    pub(crate) async fn send(
        &self,
        author: User,
        id: CommandId,
        conversation: ConversationId,
        body: &str,
    ) -> Result<Receipt<Appended>, ChatError> {
        let body = Body::parse(body)?;
        self.append(author, id, conversation, body).await
    }

    /// The same to one user, in the direct that is found or begun for it.
    pub(crate) async fn send_to_user(
        &self,
        author: User,
        id: CommandId,
        nickname: &str,
        body: &str,
    ) -> Result<Receipt<Appended>, ChatError> {
        // First: a message that can't be sent begins no direct.
        let body = Body::parse(body)?;
        let (conversation, _) = self.open_direct(author.clone(), nickname).await?.done().await?;
        self.append(author, id, conversation, body).await
    }

    async fn append(
        &self,
        author: User,
        id: CommandId,
        conversation: ConversationId,
        body: Body,
    ) -> Result<Receipt<Appended>, ChatError> {
        let event = NewEvent { author, id, conversation, change: Change::Message { body } };
        Ok(self.store.append(event).await?)
    }

    /// A stretch of a conversation that `reader` is in.
    pub(crate) async fn messages(
        &self,
        reader: UserId,
        conversation: ConversationId,
        window: Window,
        limit: u32,
    ) -> Result<MessagesPage, ChatError> {
        Ok(self.store.messages(reader, conversation, window, limit).await?)
    }

    /// Events that somebody missed, of a conversation that they are known to be in.
    pub(crate) async fn missed(
        &self,
        conversation: ConversationId,
        after: Seq,
        up_to: Seq,
        limit: u32,
    ) -> Result<Vec<Event>, ChatError> {
        Ok(self.store.events(conversation, after, up_to, limit).await?)
    }
}
