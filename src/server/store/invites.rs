//! Invites: links that let new users in.

use crate::{
    domain::{InviteId, Timestamp, UserId},
    server::store::moderation::RoleCheck,
};

/// SHA-256 of an invite's token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct InviteKey(pub [u8; 32]);

/// An invite to be made.
#[derive(Debug)]
pub(crate) struct NewInvite {
    pub id: InviteId,
    pub key: InviteKey,
    /// `None`: made on the host.
    pub actor: Option<UserId>,
    pub rule: RoleCheck,
    pub expires_at: Option<Timestamp>,
    pub most_uses: Option<u32>,
}
