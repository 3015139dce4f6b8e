//! What was committed, on its way to those who want to know.

use tokio::sync::{mpsc, oneshot};

use crate::{
    domain::{CommandId, Conversation, ConversationId, Seq, UserId},
    protocol::Event,
};

use super::{Appended, Asker, Effect, StoreError};

/// News that are durable.
#[derive(Debug)]
pub(crate) enum Committed {
    /// A conversation's log has grown.
    Event(Event),
    /// A command that was [submitted](super::Store::submit) is durable, or was refused.
    Answer {
        /// Who asked.
        asker: Asker,
        /// The command's.
        id: CommandId,
        /// Where its event is.
        outcome: Result<Appended, StoreError>,
    },
    /// A moderator or owner did something to a user.
    Moderated {
        /// As it stands in the log.
        event: Event,
        /// What follows for the user's connections.
        effect: Effect,
    },
    /// A direct was opened, or a room was entered.
    Opened {
        /// Whom to tell, each with the conversation as they see it at this point of the order: both users of a new
        /// direct, else whoever opened or entered it.
        views: Vec<(UserId, Conversation)>,
        /// Fires, by being used or dropped, when they have been told.
        announced: oneshot::Sender<()>,
    },
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

/// Committed news, a commit at a time, in commit order. Bounded: the writer waits for a slow listener, and listeners
/// hand on without waiting for anybody.
pub(crate) type Feed = mpsc::Receiver<Vec<Committed>>;
