//! Invites: links that let new users in.

use crate::{
    domain::{InviteId, Timestamp, UserId},
    server::store::moderation::RoleCheck,
};

/// SHA-256 of an invite's token. The store never sees the token itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct InviteKey(pub [u8; 32]);

/// An invite to be created.
#[derive(Debug)]
pub(crate) struct NewInvite {
    pub id: InviteId,
    pub key: InviteKey,
    /// `None` for the operator.
    pub actor: Option<UserId>,
    pub role_check: RoleCheck,
    /// `None`: never.
    pub expires_at: Option<Timestamp>,
    /// How many users may sign up with it; `None`: no limit.
    pub most_uses: Option<u32>,
}
