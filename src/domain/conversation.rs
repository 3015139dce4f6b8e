//! Conversations as one of their members sees them.

use serde::{Deserialize, Serialize};

use super::{
    ids::{ConversationId, Seq, Timestamp},
    room::Room,
    user::User,
};

/// Unread messages are counted up to this number, to bound the cost. A badge shows no more anyway.
pub const MAX_UNREAD: u32 = 1_000;

/// A conversation, and how far one member has read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conversation {
    /// Identifies the conversation.
    pub id: ConversationId,
    /// Whether it is a room or a direct, with the fields of each.
    #[serde(flatten)]
    pub kind: ConversationKind,
    /// The position of its newest event.
    pub last_seq: Seq,
    /// The time of the newest message, by which lists are sorted; 0 without messages.
    pub last_message_at: Timestamp,
    /// The position up to which the member has read. Only the member's own command sets it back.
    pub read_seq: Seq,
    /// The number of messages of others after `read_seq`, up to [`MAX_UNREAD`].
    pub unread: u32,
    /// How many of those the member is told of: they mention the member or everyone, or reply in a thread of the member's.
    pub mentions: u32,
    /// Whether the member has muted it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub muted: bool,
    /// Whether the member keeps it at the top of the list.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pinned: bool,
}

impl Conversation {
    /// The number of unread messages that call for the member's attention. Of a muted conversation, only those count of which
    /// the member was told.
    pub fn attention(&self) -> u32 {
        if self.muted { self.mentions } else { self.unread }
    }

    /// Whether this version has a newer event or read mark than `other`.
    pub fn is_ahead_of(&self, other: &Self) -> bool {
        self.last_seq > other.last_seq || self.read_seq > other.read_seq
    }
}

/// The kinds of conversations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ConversationKind {
    /// A room of many members.
    Room(Room),
    /// A direct of two users.
    Direct {
        /// The other user.
        with: Companion,
    },
}

/// The other user of a direct.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Companion {
    /// The user.
    #[serde(flatten)]
    pub user: User,
    /// Whether the user has gone for good: nobody reads messages to them any more, and another user may have the nickname.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub gone: bool,
}

impl From<User> for Companion {
    /// A user who has not gone.
    fn from(user: User) -> Self {
        Self { user, gone: false }
    }
}

/// A part of the list of a user's conversations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationList {
    /// The rooms, the oldest first, then directs; the direct with the newest message first.
    pub conversations: Vec<Conversation>,
    /// An opaque cursor for the rest of the list; `None` if this is the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub older: Option<String>,
}
