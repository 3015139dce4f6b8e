//! The account of a writer, and where it writes.

use teahouse::domain::{ConversationId, Epoch, UserId};

/// The account of a writer.
pub(crate) struct WriterSetup {
    pub(crate) me: UserId,
    pub(crate) token: String,
    pub(crate) epoch: Epoch,
    /// The Lobby comes first.
    pub(crate) rooms: Vec<ConversationId>,
    pub(crate) directs: Vec<ConversationId>,
    /// Rooms whose moderator the writer is.
    pub(crate) moderated: Vec<ConversationId>,
}
