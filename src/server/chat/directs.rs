//! Talking in private.

use crate::domain::{ConversationId, MAX_NICKNAME_CHARACTERS, Millis, Nickname, User, UserId};

use super::{
    super::store::{OpenDirect, OpenedDirect, Receipt, StoreError},
    Chat, ChatError,
};

/// A direct that is being opened.
#[derive(Debug)]
pub(crate) struct Opening {
    receipt: Receipt<OpenedDirect>,
    /// The name that was looked for, for the answer if nobody has it.
    wanted: String,
}

/// A direct that is open.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Direct {
    pub(crate) id: ConversationId,
    /// The other user.
    pub(crate) with: UserId,
    /// When it was begun.
    pub(crate) at: Millis,
}

impl Opening {
    /// The direct, after its users' connections have been told of it.
    pub(crate) async fn done(self) -> Result<Direct, ChatError> {
        let opened = self.receipt.await.map_err(|error| match error {
            StoreError::UnknownUser => ChatError::UnknownNickname(self.wanted),
            other => other.into(),
        })?;
        // An error means that delivery has ended, and with it everybody's connection.
        let _ = opened.announced.await;
        Ok(Direct { id: opened.conversation, with: opened.with, at: opened.at })
    }
}

impl Chat {
    /// Queues the finding or beginning of the direct with whoever is called `nickname`, here or not.
    pub(crate) async fn open_direct(&self, opener: User, nickname: &str) -> Result<Opening, ChatError> {
        let wanted = || nickname.chars().take(MAX_NICKNAME_CHARACTERS).collect::<String>();
        // Nobody has a name that is none.
        let Ok(name) = Nickname::parse_existing(nickname) else { return Err(ChatError::UnknownNickname(wanted())) };
        let receipt = self.store.open_direct(OpenDirect { opener, key: name.key() }).await?;
        Ok(Opening { receipt, wanted: wanted() })
    }
}
