//! Messages.

use serde::{Deserialize, Serialize};

use super::{
    body::Body,
    emoji::Emoji,
    event::{Event, EventKind},
    ids::{CommandId, Seq, Timestamp},
    mention::Mention,
    moderation::ModerationNotice,
    reply::Reply,
    room::RoomChange,
    user::User,
};

/// The most pinned messages in one conversation.
pub const MAX_PINS: usize = 100;

/// A message in its current state: its event with all later changes folded in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Its position in the conversation.
    pub seq: Seq,
    /// The command that sent it.
    pub id: CommandId,
    /// When it was committed.
    pub at: Timestamp,
    /// Who wrote it.
    pub author: User,
    /// Its text; empty if it is deleted, and for a notice.
    pub body: Body,
    /// The mentions in the text, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<Mention>,
    /// Which message it answers, if it is a reply.
    #[serde(flatten)]
    pub reply: Option<Reply>,
    /// How many messages are in the thread that it begins, deleted ones included.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub replies: u32,
    /// Whether it is pinned in the conversation.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pinned: bool,
    /// The position of the last event folded in. Events up to this one have no further effect.
    pub revision: Seq,
    /// When its author last edited it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edited_at: Option<Timestamp>,
    /// Whether it is deleted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deleted: bool,
    /// The reactions, sorted by emoji.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reactions: Vec<Reaction>,
    /// The notice, if this is a moderation notice and not a message. It never changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<ModerationNotice>,
    /// What happened to the room, if this is a notice of that and not a message. It never changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<RoomChange>,
}

impl Message {
    /// The message or notice that an event begins; `None` for other events.
    pub fn from_event(event: Event) -> Option<Self> {
        let mut message = Self {
            seq: event.seq,
            id: event.id,
            at: event.at,
            author: event.author,
            body: Body::deleted(),
            mentions: Vec::new(),
            reply: None,
            replies: 0,
            pinned: false,
            revision: event.seq,
            edited_at: None,
            deleted: false,
            reactions: Vec::new(),
            notice: None,
            room: None,
        };
        match event.kind {
            EventKind::Message { body, mentions, reply, participants: _ } => {
                (message.body, message.mentions, message.reply) = (body, mentions, reply);
            }
            EventKind::Notice(notice) => message.notice = Some(notice),
            EventKind::Room(change) => message.room = Some(change),
            _ => return None,
        }
        Some(message)
    }

    /// Whether it is a message with a text, not a notice or a tombstone.
    pub fn has_text(&self) -> bool {
        !self.deleted && !self.is_notice()
    }

    /// Whether it is a notice of a moderation action or of a change of the room, not a message.
    pub fn is_notice(&self) -> bool {
        self.notice.is_some() || self.room.is_some()
    }

    /// The user whom a notice names besides the author.
    pub fn noticed_user_mut(&mut self) -> Option<&mut User> {
        match (&mut self.notice, &mut self.room) {
            (Some(notice), _) => Some(&mut notice.user),
            (None, Some(change)) => change.user_mut(),
            (None, None) => None,
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
const fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// A reaction: an emoji, and the users who added it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reaction {
    /// The emoji.
    pub emoji: Emoji,
    /// The users, at least one, in the order in which they reacted.
    pub users: Vec<User>,
}
