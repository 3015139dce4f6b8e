//! Conversations as one user sees them.

use serde::{Deserialize, Serialize};

use super::{ConversationId, Seq, User};

/// A conversation and where one user stands in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Flat")]
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
        with: User,
    },
}

/// A conversation as it stands on the wire: read so, it takes less code than the nested form.
#[derive(Deserialize)]
struct Flat {
    id: ConversationId,
    kind: String,
    name: Option<String>,
    member_count: Option<u64>,
    with: Option<User>,
    last_seq: Seq,
    read_seq: Seq,
    unread: u32,
    mentions: u32,
}

impl TryFrom<Flat> for Conversation {
    type Error = &'static str;

    fn try_from(flat: Flat) -> Result<Self, Self::Error> {
        let Flat { id, kind, name, member_count, with, last_seq, read_seq, unread, mentions } = flat;
        let kind = match (kind.as_str(), name, member_count, with) {
            ("room", Some(name), Some(member_count), _) => ConversationKind::Room { name, member_count },
            ("direct", _, _, Some(with)) => ConversationKind::Direct { with },
            _ => return Err("neither a room nor a direct"),
        };
        Ok(Self { id, kind, last_seq, read_seq, unread, mentions })
    }
}
