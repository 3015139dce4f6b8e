//! Conversations as one user sees them.

use serde::{Deserialize, Serialize};

use super::{
    ids::{ConversationId, Seq, Timestamp},
    user::User,
};

/// A conversation and where one user stands in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conversation {
    /// Names the conversation.
    pub id: ConversationId,
    /// A room or a direct, and what only that has.
    #[serde(flatten)]
    pub kind: ConversationKind,
    /// The position of its newest event.
    pub last_seq: Seq,
    /// When the newest message came, which is what lists are ordered by; 0 before the first.
    pub last_message_at: Timestamp,
    /// The position up to which this user has read.
    pub read_seq: Seq,
    /// Messages of others after `read_seq`; counted up to 1,000.
    pub unread: u32,
    /// Those of them that name this user.
    pub mentions: u32,
}

impl Conversation {
    /// Whether this knows of something that has happened, or was read, since `other` was made.
    pub fn is_ahead_of(&self, other: &Self) -> bool {
        self.last_seq > other.last_seq || self.read_seq > other.read_seq
    }
}

/// What a conversation is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ConversationKind {
    /// Many members.
    Room {
        /// What it is called, e.g. `Lobby`.
        name: String,
        /// How many users belong to it, there or not.
        member_count: u64,
    },
    /// Exactly two users.
    Direct {
        /// The other one.
        with: Companion,
    },
}

/// The other user of a direct.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Companion {
    /// Who.
    #[serde(flatten)]
    pub user: User,
    /// Whether they have gone for good: nobody reads any more what is written to them, and whoever has the nickname now is
    /// somebody else.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub gone: bool,
}

impl From<User> for Companion {
    /// Somebody who has not gone.
    fn from(user: User) -> Self {
        Self { user, gone: false }
    }
}

/// A part of the list of a user's conversations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationList {
    /// The rooms, then directs; the direct with the newest message first.
    pub conversations: Vec<Conversation>,
    /// An opaque cursor for the rest of the list; `None` if this is the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub older: Option<String>,
}
