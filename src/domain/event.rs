//! The events of a conversation's log.

use serde::{Deserialize, Serialize};

use super::{
    body::Body,
    emoji::Emoji,
    ids::{CommandId, ConversationId, Seq, Timestamp, UserId},
    mention::Mention,
    moderation::ModerationNotice,
    reply::Reply,
    room::RoomChange,
    user::User,
};

/// One entry of a conversation's log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// The conversation that it belongs to.
    pub conversation: ConversationId,
    /// Its position in the conversation.
    pub seq: Seq,
    /// When it was committed.
    pub at: Timestamp,
    /// The user who caused it.
    pub author: User,
    /// The command that caused it.
    pub id: CommandId,
    /// What happened.
    #[serde(rename = "event")]
    pub kind: EventKind,
}

/// What an event did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum EventKind {
    /// A message was sent.
    Message {
        /// Its text; empty if a later event deleted the message.
        body: Body,
        /// The mentions in the text, in their order.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        mentions: Vec<Mention>,
        /// Which message it answers, if it is a reply.
        #[serde(flatten)]
        reply: Option<Reply>,
        /// With a reply: authors in the thread who hear of it as of a mention. The author and those mentioned are not among
        /// them.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        participants: Vec<UserId>,
    },
    /// The author changed the text of a message.
    Edit {
        /// The message.
        seq: Seq,
        /// The new text; empty if a later event deleted the message.
        body: Body,
        /// The mentions in the new text, in their order.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        mentions: Vec<Mention>,
    },
    /// A message was deleted.
    Deletion {
        /// The message.
        seq: Seq,
    },
    /// A reaction was added to a message, or removed.
    Reaction {
        /// The message.
        seq: Seq,
        /// The emoji.
        emoji: Emoji,
        /// Whether the reaction is there now.
        on: bool,
    },
    /// A message was pinned in the conversation, or is not pinned any more.
    Pin {
        /// The message.
        seq: Seq,
        /// Whether it is pinned now.
        on: bool,
    },
    /// A moderator acted on a user.
    Notice(ModerationNotice),
    /// Something happened to the room or its members.
    Room(RoomChange),
    /// The author deleted their account. From now on, clients show this event's `author` wherever that user appears in the
    /// conversation.
    AccountDeleted,
    /// A kind that this version does not know. It takes up a position in the log; nothing is shown.
    #[serde(skip)]
    Other,
}

impl EventKind {
    /// A message that is no reply and mentions nobody.
    pub const fn message(body: Body) -> Self {
        Self::Message { body, mentions: Vec::new(), reply: None, participants: Vec::new() }
    }

    /// An edit to a text that mentions nobody.
    pub const fn edit(seq: Seq, body: Body) -> Self {
        Self::Edit { seq, body, mentions: Vec::new() }
    }

    /// The mentions in the text of a message or an edit.
    pub fn mentions(&self) -> &[Mention] {
        match self {
            Self::Message { mentions, .. } | Self::Edit { mentions, .. } => mentions,
            _ => &[],
        }
    }

    /// Which message it answers, if this is a reply.
    pub fn reply(&self) -> Option<Reply> {
        if let Self::Message { reply, .. } = self { *reply } else { None }
    }

    /// What happened to the room, if this is that.
    pub fn room_change(&self) -> Option<&RoomChange> {
        if let Self::Room(change) = self { Some(change) } else { None }
    }

    /// The users whom the text of a message or an edit mentions.
    pub fn mentioned_users_mut(&mut self) -> impl Iterator<Item = &mut User> {
        let mentions = match self {
            Self::Message { mentions, .. } | Self::Edit { mentions, .. } => &mut mentions[..],
            _ => &mut [],
        };
        mentions.iter_mut().filter_map(Mention::user_mut)
    }

    /// With a reply: who hears of it because of its thread.
    pub fn participants(&self) -> &[UserId] {
        if let Self::Message { participants, .. } = self { participants } else { &[] }
    }

    /// The user whom a notice names besides the author.
    pub fn noticed_user_mut(&mut self) -> Option<&mut User> {
        match self {
            Self::Notice(notice) => Some(&mut notice.user),
            Self::Room(change) => change.user_mut(),
            _ => None,
        }
    }

    /// The message that the event is about; `None` for a message itself, and for what is about none.
    pub fn target(&self) -> Option<Seq> {
        match self {
            Self::Message { .. } | Self::Notice(_) | Self::Room(_) | Self::AccountDeleted | Self::Other => None,
            Self::Edit { seq, .. } | Self::Deletion { seq } | Self::Reaction { seq, .. } | Self::Pin { seq, .. } => {
                Some(*seq)
            }
        }
    }

    /// The earlier message that the event changes: its [target](Self::target), or the first message of a reply's thread, which
    /// counts its replies.
    pub fn changed_message(&self) -> Option<Seq> {
        self.target().or(self.reply().map(|reply| reply.thread))
    }
}
