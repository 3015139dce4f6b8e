//! Invites: links with which new users can sign up.

use serde::{Deserialize, Serialize};

use super::{
    ids::{InviteId, Timestamp},
    user::User,
};

/// An invite, without its secret token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invite {
    /// Identifies the invite. It is not the token: knowing it does not let anybody in.
    pub id: InviteId,
    /// When it was made.
    pub created_at: Timestamp,
    /// Who made it; `None` if it was the operator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_by: Option<User>,
    /// When it expires; `None` if it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// How many users can sign up with it; `None` for any number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most_uses: Option<u32>,
    /// How many users have signed up with it.
    pub uses: u32,
}
