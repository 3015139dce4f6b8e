//! Moderation notices.

use serde::{Deserialize, Serialize};

use super::{ids::Timestamp, role::Role, user::User};

/// Tells the members of a room about a moderator's action. It is an event of the room's log, as messages are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModerationNotice {
    /// The action.
    pub action: Action,
    /// The user it was done to.
    pub user: User,
    /// Where it applies.
    pub scope: Scope,
    /// When it ends by itself, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// The new role, for [`Action::Appoint`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// Whether the user was not a member of the room; false for the whole server. Only bans, mutes and their ends are possible
    /// then.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub not_member: bool,
}

/// An action of a moderator on a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// The user may read, but not write.
    Mute,
    /// The user may write again.
    Unmute,
    /// The user must leave, and may come back.
    Remove,
    /// The user must leave, and may not come back.
    Ban,
    /// The user may come back.
    Unban,
    /// The user gets another role.
    Appoint,
}

impl Action {
    /// All actions.
    pub const ALL: [Self; 6] = [Self::Mute, Self::Unmute, Self::Remove, Self::Ban, Self::Unban, Self::Appoint];

    /// The name on the wire and in the store.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mute => "mute",
            Self::Unmute => "unmute",
            Self::Remove => "remove",
            Self::Ban => "ban",
            Self::Unban => "unban",
            Self::Appoint => "appoint",
        }
    }
}

/// Where a moderation action applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// In one room.
    Room,
    /// On the whole server: in all rooms and directs, and for signing in.
    Server,
}
