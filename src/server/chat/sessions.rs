//! Coming in and going.

use crate::domain::{Conversation, ConversationId, Me, Nickname, User, UserId, UserKind};

use super::{
    super::{
        peer::Peer,
        store::{NewGuest, SessionKey},
    },
    Chat, ChatError, token,
};

/// A new guest, and the token to come back with.
#[derive(Debug)]
pub(crate) struct Arrival {
    pub(crate) me: Me,
    pub(crate) token: String,
}

/// A session that is over: the user's connections are to be closed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ended {
    pub(crate) user: UserId,
}

impl Chat {
    /// Lets a new guest in, with a session.
    pub(crate) async fn create_guest(&self, nickname: &str, peer: Peer) -> Result<Arrival, ChatError> {
        let token = token::generate().map_err(|error| {
            tracing::error!(%error, "no randomness for a token");
            ChatError::StorageUnavailable
        })?;
        let me = self.admit(nickname, peer, Some(token::key(&token))).await?;
        Ok(Arrival { me, token })
    }

    /// Lets a plain client in, for as long as its socket lives.
    pub(crate) async fn create_visitor(&self, nickname: &str, peer: Peer) -> Result<Me, ChatError> {
        self.admit(nickname, peer, None).await
    }

    /// Gives a plain client's name back.
    pub(crate) async fn release_visitor(&self, user: UserId) -> Result<(), ChatError> {
        Ok(self.store.release(user).await?)
    }

    async fn admit(&self, nickname: &str, peer: Peer, session: Option<SessionKey>) -> Result<Me, ChatError> {
        let nickname = Nickname::parse(nickname)?;
        self.rates.guest(peer)?;
        let (key, user) = (nickname.key(), User { id: UserId::generate(), nickname });
        let me = Me { id: user.id, nickname: user.nickname.clone(), kind: UserKind::Guest };
        self.store.create_guest(NewGuest { user, key, session }).await?;
        Ok(me)
    }

    /// Whose token this is.
    pub(crate) async fn authenticate(&self, token: &str) -> Result<Me, ChatError> {
        self.store.session(token::key(token)).await?.ok_or(ChatError::Unauthenticated)
    }

    /// Ends a session, and with it the guest's claim to the nickname.
    pub(crate) async fn end_session(&self, token: &str) -> Result<Ended, ChatError> {
        let user = self.store.end_session(token::key(token)).await?.ok_or(ChatError::Unauthenticated)?;
        Ok(Ended { user })
    }

    /// What the user hears.
    pub(crate) async fn memberships(&self, user: UserId) -> Result<Vec<ConversationId>, ChatError> {
        Ok(self.store.memberships(user).await?)
    }

    /// The user's conversations as they see them, in one snapshot.
    pub(crate) async fn conversations(&self, user: UserId) -> Result<Vec<Conversation>, ChatError> {
        self.store.conversations(user).await?.ok_or(ChatError::Unauthenticated)
    }
}
