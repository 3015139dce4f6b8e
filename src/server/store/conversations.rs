//! A user's list of conversations.

use std::{fmt, str::FromStr};

use tokio::sync::oneshot;

use crate::domain::{Conversation, ConversationId, ConversationList, Timestamp, User};

/// What a connection begins with, in one snapshot.
#[derive(Debug)]
pub(crate) struct Beginning {
    /// The first of the user's conversations.
    pub list: ConversationList,
    /// Those further down in the list that were asked for.
    pub further: Vec<Conversation>,
    /// All that the user hears, in the order of their ids.
    pub memberships: Vec<ConversationId>,
    /// Whom the user has blocked.
    pub blocks: Vec<User>,
}

/// Where a list of directs goes on: behind this place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ListPlace {
    /// By the time of the newest message, in minutes; less than 0 with somebody who has gone for good.
    pub minute: i64,
    pub conversation: ConversationId,
}

impl fmt::Display for ListPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.minute, self.conversation)
    }
}

impl FromStr for ListPlace {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (minute, conversation) = text.split_once('.').ok_or(())?;
        Ok(Self { minute: minute.parse().map_err(drop)?, conversation: conversation.parse().map_err(drop)? })
    }
}

/// How many users somebody can block.
pub(crate) const MAX_BLOCKS: u32 = 200;

/// A room that the user is in now.
#[derive(Debug)]
pub(crate) struct Joined {
    /// Since when.
    pub at: Timestamp,
    /// Resolves when the user's connections have been told: an ack must come after that.
    pub announced: oneshot::Receiver<()>,
}
