//! Mentions: parts of a text that name a user, or everyone in the room.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::user::User;

/// The most mentions in one message.
pub const MAX_MENTIONS: usize = 20;

/// A part of a text that names a user, or everyone in the room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mention {
    /// Where it begins in the text, in bytes of UTF-8. It begins with an `@`.
    pub start: u32,
    /// Where it ends, in bytes of UTF-8.
    pub end: u32,
    /// Whom it names.
    #[serde(flatten)]
    pub whom: Mentioned,
}

/// Whom a mention names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "MentionedFields", into = "MentionedFields")]
pub enum Mentioned {
    /// A user, who was a member of the conversation when the message was sent.
    User(User),
    /// Everyone in the room.
    Everyone,
}

/// [`Mentioned`] in JSON: one of these fields.
#[derive(Serialize, Deserialize)]
struct MentionedFields {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user: Option<User>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    everyone: bool,
}

impl Mention {
    /// The part of the text.
    pub fn range(&self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// The user, unless it names everyone.
    pub fn user(&self) -> Option<&User> {
        match &self.whom {
            Mentioned::User(user) => Some(user),
            Mentioned::Everyone => None,
        }
    }

    /// The user, unless it names everyone.
    pub fn user_mut(&mut self) -> Option<&mut User> {
        match &mut self.whom {
            Mentioned::User(user) => Some(user),
            Mentioned::Everyone => None,
        }
    }
}

impl TryFrom<MentionedFields> for Mentioned {
    type Error = &'static str;

    fn try_from(fields: MentionedFields) -> Result<Self, Self::Error> {
        match (fields.user, fields.everyone) {
            (Some(user), false) => Ok(Self::User(user)),
            (None, true) => Ok(Self::Everyone),
            _ => Err("either a user or everyone"),
        }
    }
}

impl From<Mentioned> for MentionedFields {
    fn from(whom: Mentioned) -> Self {
        match whom {
            Mentioned::User(user) => Self { user: Some(user), everyone: false },
            Mentioned::Everyone => Self { user: None, everyone: true },
        }
    }
}
