//! Users, their passwords and their sessions.

use std::fmt;

use crate::{
    domain::{CurrentUser, NicknameKey, SessionId, Timestamp, User, UserId},
    server::{net::client_addr::ClientAddr, store::invites::InviteKey},
};

/// SHA-256 of a session's token: the store never sees the token itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SessionKey(pub [u8; 32]);

/// Argon2id of a password, as a PHC string.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct PasswordHash(pub String);

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// A session to begin.
#[derive(Clone, Debug)]
pub(crate) struct NewSession {
    pub key: SessionKey,
    pub id: SessionId,
    /// The program that signs in, as it calls itself.
    pub agent: String,
    /// Whether it is used at once: a guest who never comes back with the token gives the nickname back soon.
    pub used: bool,
    /// Where it begins; forgotten with it.
    pub address: Option<ClientAddr>,
}

/// A session that is known by its token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Session {
    pub id: SessionId,
    pub me: CurrentUser,
    /// When the password was shown last; a guest's: when the guest came.
    pub begun_at: Timestamp,
    pub seen_at: Timestamp,
    /// Whether the token was shown before.
    pub used: bool,
}

/// A session that has just ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EndedSession {
    pub user: UserId,
    pub session: SessionId,
}

/// Whoever has a nickname now.
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
    /// Whether the server comes with it.
    pub ownership: OwnerGrant,
}

/// A user to be created, member of the Lobby from the start.
#[derive(Debug)]
pub(crate) struct NewUser {
    pub user: User,
    pub key: NicknameKey,
    /// `None` for a plain client, whose name is given back when its socket closes, and for a user made on the host.
    pub session: Option<NewSession>,
    /// `None` for a user made on the host.
    pub address: Option<ClientAddr>,
    /// What lets them in; `None` if nothing needs to.
    pub invite: Option<InviteKey>,
    /// `None` for a guest.
    pub password: Option<NewPassword>,
    /// How many nicknames guests of one address may have at a time.
    pub names_per_address: Option<u32>,
}

/// Whether a user who gets a password gets the server with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OwnerGrant {
    /// Yes; if there is an owner, nothing is done at all.
    Claimed,
    Always,
    Never,
}
