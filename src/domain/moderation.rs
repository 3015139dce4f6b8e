//! What was done to a user, as everybody in the room is told.

use serde::{Deserialize, Serialize};

use super::{ids::Timestamp, role::Role, user::User};

/// What a moderator did, and to whom. It stands in the room's log as messages do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModerationNotice {
    /// What was done.
    pub action: Action,
    /// To whom.
    pub user: User,
    /// Whether it holds in this room or everywhere.
    pub scope: Scope,
    /// When it ends by itself, if ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// What the user is now, after [`Action::Appoint`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
}

/// What can be done to a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// May read, but not write.
    Mute,
    /// May write again.
    Unmute,
    /// Has to leave, and may come back.
    Remove,
    /// Has to leave, and may not come back.
    Ban,
    /// May come back.
    Unban,
    /// Gets another role.
    Appoint,
}

impl Action {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Mute, Self::Unmute, Self::Remove, Self::Ban, Self::Unban, Self::Appoint];

    /// Its name on the wire and in the store.
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

/// Where something holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// In one room.
    Room,
    /// On the whole server: in all rooms and directs, and for signing in.
    Server,
}
