//! What people write, and what becomes of it.

use serde::{Deserialize, Serialize};

use super::{
    body::Body,
    emoji::Emoji,
    ids::{CommandId, Seq, Timestamp},
    moderation::ModerationNotice,
    user::User,
};

/// A message as it stands now: its event with all later changes folded in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Its position in the conversation.
    pub seq: Seq,
    /// The id of the command that sent it.
    pub id: CommandId,
    /// When it was committed.
    pub at: Timestamp,
    /// Who wrote it.
    pub author: User,
    /// What it says; empty once it is deleted, and for a notice.
    pub body: Body,
    /// The position of the last event folded in; an event at or before it changes nothing.
    pub revision: Seq,
    /// When its author last changed what it says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edited_at: Option<Timestamp>,
    /// Whether only its place is left.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deleted: bool,
    /// What others felt about it, sorted by emoji.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reactions: Vec<Reaction>,
    /// What was done to a user, where this is told and not something that was said. Nothing changes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<ModerationNotice>,
}

impl Message {
    /// Whether it says something that its author may change or take back.
    pub fn is_said(&self) -> bool {
        !self.deleted && self.notice.is_none()
    }
}

/// An emoji, and who put it to a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reaction {
    /// What they put.
    pub emoji: Emoji,
    /// At least one user, in the order in which they came.
    pub users: Vec<User>,
}
