//! A user's list of conversations.

use std::{fmt, str::FromStr};

use tokio::sync::oneshot;

use crate::domain::{Conversation, ConversationId, ConversationList, Timestamp, User};

/// How many users somebody can block.
pub(crate) const MAX_BLOCKED_USERS: u32 = 200;

/// What a new connection needs to know, read from one snapshot.
#[derive(Debug)]
pub(crate) struct ConnectionSnapshot {
    /// The first page of the user's list of conversations.
    pub list: ConversationList,
    /// Conversations that the client asked for and that are not on that page.
    pub requested_conversations: Vec<Conversation>,
    /// All conversations whose events the connection receives, sorted by id.
    pub memberships: Vec<ConversationId>,
    /// The users whom the user has blocked.
    pub blocks: Vec<User>,
}

/// The sort key of a direct in a user's list. The next page starts behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ListSortKey {
    /// The time of the newest message, in minutes since the Unix epoch. It is negative if the other user is gone for
    /// good, so that those directs come last.
    pub minute: i64,
    /// Breaks ties.
    pub conversation: ConversationId,
}

impl fmt::Display for ListSortKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.minute, self.conversation)
    }
}

impl FromStr for ListSortKey {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (minute, conversation) = text.split_once('.').ok_or(())?;
        Ok(Self { minute: minute.parse().map_err(drop)?, conversation: conversation.parse().map_err(drop)? })
    }
}

/// A room that the user is now a member of.
#[derive(Debug)]
pub(crate) struct Joined {
    /// When the user joined.
    pub at: Timestamp,
    /// Resolves when the user's connections have got the conversation. The ack must come after that.
    pub announced: oneshot::Receiver<()>,
}
