//! The directory of rooms.

use serde::{Deserialize, Serialize};

use super::{name::RoomName, settings::Visibility, topic::RoomTopic};
use crate::domain::ids::{ConversationId, Timestamp};

/// A room as somebody sees it who may know of it, member or not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirectoryRoom {
    /// Identifies the room.
    pub id: ConversationId,
    /// The name.
    pub name: RoomName,
    /// What it is about.
    #[serde(default, skip_serializing_if = "RoomTopic::is_empty")]
    pub topic: RoomTopic,
    /// Who can see it. A private room is shown to its members only.
    #[serde(default, skip_serializing_if = "Visibility::is_public")]
    pub visibility: Visibility,
    /// Whether it can only be read.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub archived: bool,
    /// Whether the reader is a member.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub joined: bool,
    /// The number of members, online or not.
    pub member_count: u64,
    /// The time of the newest message; 0 without messages.
    pub last_message_at: Timestamp,
}

/// A part of the directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirectoryPage {
    /// The rooms, sorted by name.
    pub rooms: Vec<DirectoryRoom>,
    /// An opaque cursor for the rest; `None` if this is the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}
