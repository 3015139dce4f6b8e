//! Conversations as one user sees them.

use serde::{Deserialize, Serialize};

use super::{ConversationId, Seq, User};

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
    /// The position up to which this user has read.
    pub read_seq: Seq,
    /// Messages of others after `read_seq`; counted up to 1,000.
    pub unread: u32,
    /// Those of them that name this user.
    pub mentions: u32,
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
