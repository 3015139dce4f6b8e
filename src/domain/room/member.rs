//! The members of a room.

use serde::{Deserialize, Serialize};

use crate::domain::{role::Role, user::User};

/// A member of a room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomMember {
    /// The user, with the role on the server.
    pub user: User,
    /// The role in this room.
    #[serde(default, skip_serializing_if = "Role::is_member")]
    pub role: Role,
    /// Whether the user is connected at the moment.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub online: bool,
}

/// A part of a room's members.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberPage {
    /// The members: owners first, then moderators, each by nickname. The higher of both roles counts.
    pub members: Vec<RoomMember>,
    /// An opaque cursor for the rest; `None` if this is the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}
