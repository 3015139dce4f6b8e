//! Directs, the list of conversations, and blocking users.

use crate::{
    domain::{
        Conversation, ConversationId, ConversationList, MAX_NICKNAME_CHARACTERS, Nickname, Timestamp, User, UserId,
    },
    server::{
        chat::{command_context::CommandContext, service::ChatService},
        error::ChatError,
        rules::{BlockUser, HideDirect, OpenDirect, OpenedDirect, Refusal, UnblockUser, UserRef},
        store::{ListSortKey, Receipt, StoreError},
    },
};

/// A direct that the store is opening.
#[derive(Debug)]
pub(in crate::server) struct PendingDirect {
    receipt: Receipt<OpenedDirect>,
    /// The error if the other user no longer exists by the time of the commit.
    unknown_user: ChatError,
}

/// An open direct.
#[derive(Clone, Copy, Debug)]
pub(in crate::server) struct Direct {
    pub(in crate::server) id: ConversationId,
    /// The other user.
    pub(in crate::server) with: UserId,
    /// When it was opened.
    pub(in crate::server) at: Timestamp,
}

impl PendingDirect {
    /// Waits until the direct is open and its users' connections have been told.
    pub(in crate::server) async fn opened(self) -> Result<Direct, ChatError> {
        let opened = self.receipt.delivered().await.map_err(|error| match error {
            StoreError::Refused(Refusal::UnknownUser) => self.unknown_user,
            other => other.into(),
        })?;
        Ok(Direct { id: opened.conversation, with: opened.with, at: opened.at })
    }
}

impl ChatService {
    /// Queues finding or opening the direct with the user who has a nickname, whether that user is online or not.
    ///
    /// # Errors
    /// [`ChatError::UnknownNickname`]; [`ChatError::RateLimited`] if too many directs are opened with the user, or from the
    /// address.
    pub(in crate::server) async fn open_direct(
        &self,
        context: CommandContext,
        nickname: &str,
    ) -> Result<PendingDirect, ChatError> {
        self.open_direct_by_nickname(&context, nickname).await
    }

    /// The same for a user's id.
    pub(in crate::server) async fn open_direct_with(
        &self,
        context: CommandContext,
        user: UserId,
    ) -> Result<PendingDirect, ChatError> {
        self.open(&context, UserRef::Id(user), ChatError::UnknownUser).await
    }

    pub(super) async fn open_direct_by_nickname(
        &self,
        context: &CommandContext,
        nickname: &str,
    ) -> Result<PendingDirect, ChatError> {
        let unknown = || ChatError::UnknownNickname(nickname.chars().take(MAX_NICKNAME_CHARACTERS).collect());
        // A text that is not a valid nickname is nobody's.
        let Ok(name) = Nickname::parse_existing(nickname) else { return Err(unknown()) };
        self.open(context, UserRef::Nickname(name.key()), unknown()).await
    }

    async fn open(
        &self,
        context: &CommandContext,
        target: UserRef,
        unknown_user: ChatError,
    ) -> Result<PendingDirect, ChatError> {
        let opener = context.user.id;
        let Some(found) = self.store.find_user(opener, target.clone()).await? else { return Err(unknown_user) };
        // Finding an existing direct costs the other user nothing.
        if !found.has_direct && found.id != opener {
            self.rate_limits.charge_direct(found.id, context.client_addr)?;
        }
        let receipt = self.store.queue(OpenDirect { opener, target }).await?;
        Ok(PendingDirect { receipt, unknown_user })
    }

    /// Returns a user's rooms and the first `limit` directs, or with `before` the next `limit` directs.
    pub(in crate::server) async fn conversations(
        &self,
        user: UserId,
        before: Option<ListSortKey>,
        limit: u32,
    ) -> Result<ConversationList, ChatError> {
        Ok(self.store.conversations(user, before, limit).await?)
    }

    /// Returns one conversation as the user sees it.
    pub(in crate::server) async fn conversation(
        &self,
        user: UserId,
        id: ConversationId,
    ) -> Result<Conversation, ChatError> {
        Ok(self.store.conversation(user, id).await?)
    }

    /// Removes a direct from the user's list until the next message in it.
    pub(in crate::server) async fn hide_direct(
        &self,
        context: CommandContext,
        direct: ConversationId,
    ) -> Result<(), ChatError> {
        Ok(self.store.execute(HideDirect { user: context.user.id, direct }).await?)
    }

    /// Blocks another user: the user receives nothing from them any more.
    pub(in crate::server) async fn block(&self, context: CommandContext, other: UserId) -> Result<(), ChatError> {
        Ok(self.store.execute(BlockUser { user: context.user.id, other }).await?)
    }

    /// Ends a block.
    pub(in crate::server) async fn unblock(&self, context: CommandContext, other: UserId) -> Result<(), ChatError> {
        Ok(self.store.execute(UnblockUser { user: context.user.id, other }).await?)
    }

    /// Returns the users whom a user has blocked.
    pub(in crate::server) async fn blocks(&self, user: UserId) -> Result<Vec<User>, ChatError> {
        Ok(self.store.blocks(user).await?)
    }
}
