//! Committed changes, on their way to the connections.

use tokio::sync::{mpsc, oneshot};

use crate::{
    domain::{CommandId, Conversation, ConversationId, EndReason, Event, Seq, SessionId, User, UserId},
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
    /// Sessions have ended. The hub closes their connections.
    SessionEnded {
        /// The user of the session.
        user: UserId,
        /// The session. `None`: all connections of the user, those without a session included.
        session: Option<SessionId>,
        /// Why it ended.
        reason: EndReason,
    },
    /// The user's connections know an outdated profile: a guest has registered. The hub closes them, and clients reconnect.
    ProfileChanged(UserId),
    /// Sent or dropped when the connections have been told of everything before it.
    Delivered(oneshot::Sender<()>),
    /// Several changes, in order.
    Batch(Vec<Committed>),
    /// A user has read further.
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
    /// Changes, and a receiver that resolves when the connections have been told of them. An error means the same for the
    /// waiting side: delivery has ended, and all connections with it.
    pub(crate) fn with_delivery(mut changes: Vec<Self>) -> (Self, oneshot::Receiver<()>) {
        let (sender, receiver) = oneshot::channel();
        changes.push(Self::Delivered(sender));
        (Self::Batch(changes), receiver)
    }

    /// [`Self::ConversationsChanged`] without anybody who waits for it; `None` if `views` is empty.
    pub(crate) fn views(views: Vec<(UserId, Conversation)>) -> Option<Self> {
        let (announced, _) = oneshot::channel();
        (!views.is_empty()).then_some(Self::ConversationsChanged { views, announced })
    }
}

/// Committed changes in commit order, one `Vec` per commit. The channel is bounded: the writer waits for a slow
/// receiver, so the receiver must not wait for any connection.
pub(crate) type CommitFeed = mpsc::Receiver<Vec<Committed>>;
