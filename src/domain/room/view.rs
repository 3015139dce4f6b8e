//! Rooms as their members see them.

use serde::{Deserialize, Serialize};

use super::{
    change::RoomChange,
    name::RoomName,
    settings::{Posting, Visibility},
    topic::RoomTopic,
};
use crate::domain::role::Role;

/// A room as one of its members sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Room {
    /// The name, for example `Lobby`.
    pub name: RoomName,
    /// What it is about.
    #[serde(default, skip_serializing_if = "RoomTopic::is_empty")]
    pub topic: RoomTopic,
    /// Who can see it.
    #[serde(default, skip_serializing_if = "Visibility::is_public")]
    pub visibility: Visibility,
    /// Who may write.
    #[serde(default, skip_serializing_if = "Posting::is_everyone")]
    pub posting: Posting,
    /// Whether it can only be read.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub archived: bool,
    /// Whether it is the Lobby, the room that everybody is in.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub lobby: bool,
    /// The member's role in this room.
    #[serde(default, skip_serializing_if = "Role::is_member")]
    pub role: Role,
    /// The number of members, online or not.
    pub member_count: u64,
}

impl Room {
    /// A room of which only the name is known yet.
    pub const fn named(name: RoomName) -> Self {
        Self {
            name,
            topic: RoomTopic::none(),
            visibility: Visibility::Public,
            posting: Posting::Everyone,
            archived: false,
            lobby: false,
            role: Role::Member,
            member_count: 0,
        }
    }

    /// Applies a change that has become an event of the room.
    pub fn apply(&mut self, change: &RoomChange) {
        match change {
            RoomChange::Created { .. } => {}
            RoomChange::Renamed { name } => self.name = name.clone(),
            RoomChange::Topic { topic } => self.topic = topic.clone(),
            RoomChange::Visibility { visibility } => self.visibility = *visibility,
            RoomChange::Posting { posting } => self.posting = *posting,
            RoomChange::Archived => self.archived = true,
            RoomChange::Restored => self.archived = false,
            RoomChange::Joined | RoomChange::Added { .. } => self.member_count += 1,
            RoomChange::Left => self.member_count = self.member_count.saturating_sub(1),
        }
    }
}
