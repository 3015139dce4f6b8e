//! What was committed, on its way to those who want to know.

use tokio::sync::{mpsc, oneshot};

use crate::{
    domain::{CommandId, Conversation, ConversationId, Event, Seq, User, UserId},
    server::store::{
        error::StoreError,
        events::{EventPosition, ReplyTo},
        moderation::ConnectionEffect,
    },
};

/// News that are durable.
#[derive(Debug)]
pub(crate) enum Committed {
    /// A conversation's log has grown.
    Event(Event),
    /// The log of a direct has grown by a message. The simple protocol shows it as private, unlike messages in rooms.
    DirectMessage(Event),
    /// A command that was [submitted](crate::server::store::Store::submit) is durable, or was refused.
    Answer {
        /// Who asked.
        asker: ReplyTo,
        /// The command's.
        id: CommandId,
        /// Where its event is.
        outcome: Result<EventPosition, StoreError>,
    },
    /// A moderator or owner did something to a user.
    Moderated {
        /// As it stands in the log.
        event: Event,
        /// What follows for the user's connections.
        effect: ConnectionEffect,
    },
    /// Conversations came into users' lists, or are others than they were: a direct was opened, written in for the first
    /// time, or its other user has gone; or a room was entered.
    Opened {
        /// Whom to tell, each with the conversation as they see it at this point of the order.
        views: Vec<(UserId, Conversation)>,
        /// Fires, by being used or dropped, when they have been told.
        announced: oneshot::Sender<()>,
    },
    /// Conversations do not stand in these users' lists any more.
    Removed(Vec<(UserId, ConversationId)>),
    /// A user has blocked another one, or does so no more.
    Blocked {
        /// Who.
        user: UserId,
        /// Whom.
        other: User,
        /// Whether it is so now.
        on: bool,
    },
    /// One after the other.
    Several(Vec<Committed>),
    /// A user has read further.
    Read {
        /// Who.
        user: UserId,
        /// Where.
        conversation: ConversationId,
        /// Up to here.
        seq: Seq,
    },
}

impl Committed {
    /// Tells users of conversations, and nobody waits for it.
    pub(crate) fn views(views: Vec<(UserId, Conversation)>) -> Option<Self> {
        let (announced, _) = oneshot::channel();
        (!views.is_empty()).then_some(Self::Opened { views, announced })
    }
}

/// Committed news, a commit at a time, in commit order. Bounded: the writer waits for a slow listener, and listeners
/// hand on without waiting for anybody.
pub(crate) type Feed = mpsc::Receiver<Vec<Committed>>;
