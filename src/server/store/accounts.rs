//! Users, their passwords and their sessions.

use std::fmt;

use tokio::sync::oneshot;

use crate::{
    domain::{CurrentUser, NicknameKey, SessionId, Timestamp, User, UserId},
    server::{net::client_addr::ClientAddr, store::invites::InviteKey},
};

/// SHA-256 of a session token. The store never sees the token itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SessionKey(pub [u8; 32]);

/// Argon2id hash of a password, as a PHC string.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct PasswordHash(pub String);

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// A session to be started.
#[derive(Clone, Debug)]
pub(crate) struct NewSession {
    pub key: SessionKey,
    pub id: SessionId,
    /// The program that signs in, as its `User-Agent` says.
    pub agent: String,
    /// Whether the session counts as used from the start. A guest who never comes back with the token soon loses the
    /// nickname.
    pub used: bool,
    /// The address that signs in. It is deleted with the session.
    pub address: Option<ClientAddr>,
}

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

/// A session that has just ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EndedSession {
    pub user: UserId,
    pub session: SessionId,
}

/// The result of a change that ended sessions.
#[derive(Debug)]
pub(crate) struct SessionsEnded<T> {
    pub result: T,
    /// Resolves when the hub has closed the connections of the ended sessions.
    pub closed: oneshot::Receiver<()>,
}

impl<T> SessionsEnded<T> {
    /// Waits until the connections of the ended sessions are closed, and returns the result.
    pub(crate) async fn connections_closed(self) -> T {
        // An error means that delivery has ended, and all connections with it.
        let _ = self.closed.await;
        self.result
    }
}

/// The user who holds a nickname now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Account {
    pub me: CurrentUser,
    /// `None` for a guest.
    pub password: Option<PasswordHash>,
}

/// A password to be set.
#[derive(Clone, Debug)]
pub(crate) struct NewPassword {
    pub hash: PasswordHash,
    pub ownership: OwnerGrant,
}

/// A user to be created as a member of the Lobby.
#[derive(Debug)]
pub(crate) struct NewUser {
    pub user: User,
    pub key: NicknameKey,
    /// `None` for a client of the simple protocol, whose nickname is released when its connection closes, and for a user
    /// whom the operator creates.
    pub session: Option<NewSession>,
    /// `None` for a user whom the operator creates.
    pub address: Option<ClientAddr>,
    /// The invite to use up; `None` if none is required.
    pub invite: Option<InviteKey>,
    /// `None` for a guest.
    pub password: Option<NewPassword>,
    /// How many nicknames the guests of one address may hold at a time; `None`: no limit.
    pub max_names_per_address: Option<u32>,
}

/// Whether a user who gets a password also becomes owner of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OwnerGrant {
    /// Yes, if the server has no owner; otherwise the whole command is refused with
    /// [`StoreError::Owned`](crate::server::store::StoreError::Owned).
    IfUnowned,
    Always,
    Never,
}
