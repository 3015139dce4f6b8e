//! Reading users and their sessions.

use async_trait::async_trait;

use crate::{
    domain::{CurrentUser, NicknameKey, SessionEnd, SessionId, SessionInfo, Timestamp, User, UserId},
    server::{
        rules::{InviteKey, PasswordHash, SessionKey},
        store::error::StoreError,
    },
};

/// A session that was found by its token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Session {
    pub id: SessionId,
    pub me: CurrentUser,
    /// When the password was last given. For a guest: when the session started.
    pub begun_at: Timestamp,
    /// When the session was last used, to within the interval at which that is saved.
    pub seen_at: Timestamp,
    /// Whether a request has already presented the token.
    pub used: bool,
}

/// The user who holds a nickname now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Account {
    pub me: CurrentUser,
    /// `None` for a guest.
    pub password: Option<PasswordHash>,
}

/// Reading users.
#[async_trait]
pub(crate) trait Accounts: Send + Sync {
    /// The user who holds this nickname now.
    async fn account(&self, nickname: NicknameKey) -> Result<Option<Account>, StoreError>;

    /// The user with this id, even if the nickname has been released; `None` for the server's own user.
    async fn user(&self, user: UserId) -> Result<Option<User>, StoreError>;

    /// Whether a user has released the nickname or deleted the account.
    async fn is_gone(&self, user: UserId) -> Result<bool, StoreError>;

    /// At most `limit` users whose nickname contains `part`, ignoring case and look-alike characters. Nicknames that begin
    /// with it come first.
    async fn find_users(&self, part: String, limit: u32) -> Result<Vec<User>, StoreError>;

    /// All users who hold a nickname now, sorted by nickname key.
    async fn users(&self) -> Result<Vec<User>, StoreError>;

    /// Whether the server has an owner.
    async fn has_owner(&self) -> Result<bool, StoreError>;

    /// How many guests with a nickname came without an invite.
    async fn uninvited_guests(&self) -> Result<u32, StoreError>;

    /// Whether somebody can sign up with this invite now.
    async fn invite_is_valid(&self, invite: InviteKey) -> Result<bool, StoreError>;
}

/// Reading sessions.
#[async_trait]
pub(crate) trait Sessions: Send + Sync {
    /// Finds a session by its token.
    async fn session(&self, session: SessionKey) -> Result<Option<Session>, StoreError>;

    /// Why a session ended, if it ended recently and not at its own request.
    async fn session_end(&self, session: SessionKey) -> Result<Option<SessionEnd>, StoreError>;

    /// A user's sessions, the one that was used last first. Times are shown times.
    async fn sessions(&self, user: UserId) -> Result<Vec<SessionInfo>, StoreError>;
}
