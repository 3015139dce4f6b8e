//! Commands that become events, and reading the history of a conversation.

use crate::{
    domain::{CommandId, ConversationId, EventKind, Message, Seq, Timestamp, User, UserId},
    server::store::moderation::RoleCheck,
};

/// A command that becomes an event.
#[derive(Debug)]
pub(crate) struct NewEvent {
    pub author: User,
    pub id: CommandId,
    pub conversation: ConversationId,
    pub kind: EventKind,
    /// By which rule messages of others may be deleted; `None`: they may not.
    pub others: Option<RoleCheck>,
}

impl NewEvent {
    /// An event about the author's own things.
    pub(crate) fn of_author(author: User, id: CommandId, conversation: ConversationId, kind: EventKind) -> Self {
        Self { author, id, conversation, kind, others: None }
    }
}

/// Who is to be answered, by a number that means nothing to the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ReplyTo(pub u64);

/// Where a command's event is in the log; the first one's, if the command was repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EventPosition {
    pub conversation: ConversationId,
    pub seq: Seq,
    pub at: Timestamp,
}

/// Which messages of a conversation to fetch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Window {
    /// The newest.
    Newest,
    /// The newest of those before.
    Before(Seq),
    /// The oldest of those after.
    After(Seq),
}

/// Which messages whoever owns the machine looks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lookup {
    /// Those of a conversation.
    In(ConversationId),
    /// Those of a user, in all conversations that the user is in.
    Of(UserId),
}

/// A message, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Placed {
    pub conversation: ConversationId,
    /// Without its reactions.
    pub message: Message,
}
