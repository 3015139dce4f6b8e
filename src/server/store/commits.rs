//! Committed changes, on their way to the connections.

use tokio::sync::{mpsc, oneshot};

use crate::{
    domain::{CommandId, Conversation, ConversationId, Event, Seq, User, UserId},
    server::store::{
        error::StoreError,
        events::{EventPosition, ReplyTo},
        moderation::ConnectionEffect,
    },
};

/// A change that is on the disk.
#[derive(Debug)]
pub(crate) enum Committed {
    /// A new event of a conversation.
    Event(Event),
    /// A new message of a direct. The simple protocol shows it as private, unlike messages in rooms.
    DirectMessage(Event),
    /// The reply to a [submitted](crate::server::store::Store::submit) command. It comes behind the command's event.
    Reply {
        /// The connection that sent the command.
        to: ReplyTo,
        /// The id of the command.
        id: CommandId,
        /// The position of the event, or why the command was refused.
        outcome: Result<EventPosition, StoreError>,
    },
    /// A moderation action.
    Moderated {
        /// The moderation notice in the log.
        event: Event,
        /// What changes for the subject's connections.
        effect: ConnectionEffect,
    },
    /// Conversations that entered a user's list or look different now: a direct was opened or got its first message, its
    /// other user is gone, or a room was joined.
    ConversationsChanged {
        /// Each user to be told, with the conversation as this user sees it at this point of the order.
        views: Vec<(UserId, Conversation)>,
        /// Sent or dropped when those users have been told.
        announced: oneshot::Sender<()>,
    },
    /// Conversations that left these users' lists.
    ConversationsRemoved(Vec<(UserId, ConversationId)>),
    /// A user has blocked or unblocked another one.
    BlockChanged {
        /// The user who blocks.
        user: UserId,
        /// The user who is blocked.
        other: User,
        /// Whether the block holds now.
        blocked: bool,
    },
    /// Several changes, in order.
    Batch(Vec<Committed>),
    /// A user has read requested_conversations.
    MarkedRead {
        /// The reader.
        user: UserId,
        /// The conversation.
        conversation: ConversationId,
        /// The new read mark.
        seq: Seq,
    },
}

impl Committed {
    /// [`Self::ConversationsChanged`] without anybody who waits for it; `None` if `views` is empty.
    pub(crate) fn views(views: Vec<(UserId, Conversation)>) -> Option<Self> {
        let (announced, _) = oneshot::channel();
        (!views.is_empty()).then_some(Self::ConversationsChanged { views, announced })
    }
}

/// Committed changes in commit order, one `Vec` per commit. The channel is bounded: the writer waits for a slow
/// receiver, so the receiver must not wait for any connection.
pub(crate) type CommitFeed = mpsc::Receiver<Vec<Committed>>;
