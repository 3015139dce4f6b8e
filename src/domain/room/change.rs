//! What happens to a room.

use serde::{Deserialize, Serialize};

use super::{
    name::RoomName,
    settings::{Posting, Visibility},
    topic::RoomTopic,
};
use crate::domain::user::User;

/// Something that happened to a room or its members, as an event of the room's log. The event's author did it. New roles are
/// moderation notices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum RoomChange {
    /// The author created the room, and became its owner. The first event of every room but the Lobby.
    Created {
        /// The name.
        name: RoomName,
        /// The topic.
        #[serde(default, skip_serializing_if = "RoomTopic::is_empty")]
        topic: RoomTopic,
        /// Who can see it.
        #[serde(default, skip_serializing_if = "Visibility::is_public")]
        visibility: Visibility,
    },
    /// The room got another name.
    Renamed {
        /// The new name.
        name: RoomName,
    },
    /// The room got another topic.
    Topic {
        /// The new topic; empty if it was removed.
        topic: RoomTopic,
    },
    /// The room became public or private.
    Visibility {
        /// Who can see it from now on.
        visibility: Visibility,
    },
    /// Who may write was changed.
    Posting {
        /// Who may write from now on.
        posting: Posting,
    },
    /// The room can only be read from now on.
    Archived,
    /// The room is no longer archived.
    Restored,
    /// The author joined.
    Joined,
    /// The author left.
    Left,
    /// The author added another user.
    Added {
        /// The new member.
        user: User,
    },
}

impl RoomChange {
    /// The user whom it names besides the author.
    pub fn user(&self) -> Option<&User> {
        if let Self::Added { user } = self { Some(user) } else { None }
    }

    /// As [`user`](Self::user), to be replaced by a newer version of the same user.
    pub fn user_mut(&mut self) -> Option<&mut User> {
        if let Self::Added { user } = self { Some(user) } else { None }
    }
}
