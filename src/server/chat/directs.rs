//! Talking in private, and with whom not.

use crate::{
    domain::{
        Conversation, ConversationId, ConversationList, MAX_NICKNAME_CHARACTERS, Nickname, Timestamp, User, UserId,
    },
    server::{
        chat::service::ChatService,
        error::ChatError,
        net::client_addr::ClientAddr,
        store::{ListSortKey, OpenDirect, OpenedDirect, Receipt, StoreError, UserRef},
    },
};

/// A direct that is being opened.
#[derive(Debug)]
pub(crate) struct PendingDirect {
    receipt: Receipt<OpenedDirect>,
    /// What is answered if there is nobody by then.
    nobody: ChatError,
}

/// A direct that is open.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Direct {
    pub(crate) id: ConversationId,
    /// The other user.
    pub(crate) with: UserId,
    /// When it was begun.
    pub(crate) at: Timestamp,
}

impl PendingDirect {
    /// The direct, after the opener's connections have been told of it.
    pub(crate) async fn done(self) -> Result<Direct, ChatError> {
        let opened = self.receipt.await.map_err(|error| match error {
            StoreError::UnknownUser => self.nobody,
            other => other.into(),
        })?;
        // An error means that delivery has ended, and with it everybody's connection.
        let _ = opened.announced.await;
        Ok(Direct { id: opened.conversation, with: opened.with, at: opened.at })
    }
}

impl ChatService {
    /// Queues the finding or beginning of the direct with whoever is called `nickname`, here or not.
    pub(crate) async fn open_direct(
        &self,
        opener: User,
        peer: ClientAddr,
        nickname: &str,
    ) -> Result<PendingDirect, ChatError> {
        let nobody = || ChatError::UnknownNickname(nickname.chars().take(MAX_NICKNAME_CHARACTERS).collect());
        // Nobody has a name that is none.
        let Ok(name) = Nickname::parse_existing(nickname) else { return Err(nobody()) };
        self.open(opener, peer, UserRef::Nickname(name.key()), nobody()).await
    }

    /// The same with this very user.
    pub(crate) async fn open_direct_with(
        &self,
        opener: User,
        peer: ClientAddr,
        user: UserId,
    ) -> Result<PendingDirect, ChatError> {
        self.open(opener, peer, UserRef::Id(user), ChatError::UnknownUser).await
    }

    async fn open(
        &self,
        opener: User,
        peer: ClientAddr,
        whom: UserRef,
        nobody: ChatError,
    ) -> Result<PendingDirect, ChatError> {
        let Some(found) = self.store.find_user(opener.id, whom.clone()).await? else { return Err(nobody) };
        // One that is there already costs the other user nothing.
        if !found.has_direct && found.id != opener.id {
            self.rates.direct(found.id, peer)?;
        }
        let receipt = self.store.open_direct(OpenDirect { opener, target: whom }).await?;
        Ok(PendingDirect { receipt, nobody })
    }

    /// The user's conversations, or their directs behind a place in the list.
    pub(crate) async fn conversations(
        &self,
        user: UserId,
        before: Option<ListSortKey>,
        limit: u32,
    ) -> Result<ConversationList, ChatError> {
        Ok(self.store.conversations(user, before, limit).await?)
    }

    /// One of them.
    pub(crate) async fn conversation(&self, user: UserId, id: ConversationId) -> Result<Conversation, ChatError> {
        Ok(self.store.conversation(user, id).await?)
    }

    /// Takes a direct out of the user's list. It comes back with the next message.
    pub(crate) async fn hide(&self, user: UserId, direct: ConversationId) -> Result<(), ChatError> {
        self.charge_command(user, None, 0)?;
        self.store.hide_direct(user, direct).await.map_err(|error| match error {
            StoreError::NotAllowed => ChatError::BadMeasure("only a direct can be hidden"),
            other => other.into(),
        })
    }

    /// From now on the user hears nothing of the other one, or does so again.
    pub(crate) async fn block(&self, user: UserId, other: UserId, on: bool) -> Result<(), ChatError> {
        self.charge_command(user, None, 0)?;
        let changed = if on { self.store.block(user, other).await } else { self.store.unblock(user, other).await };
        Ok(changed?)
    }

    /// Whom the user has blocked.
    pub(crate) async fn blocks(&self, user: UserId) -> Result<Vec<User>, ChatError> {
        Ok(self.store.blocks(user).await?)
    }
}
