//! Finding and opening directs.

use tokio::sync::oneshot;

use crate::domain::{ConversationId, NicknameKey, Timestamp, User, UserId};

/// A direct to be found or begun.
#[derive(Debug)]
pub(crate) struct OpenDirect {
    pub opener: User,
    pub whom: Whom,
}

/// The other user of a direct.
#[derive(Clone, Debug)]
pub(crate) enum Whom {
    /// Whoever has this nickname now.
    Named(NicknameKey),
    /// This very user, whatever they are called.
    User(UserId),
}

/// Who is meant.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FoundUser {
    pub id: UserId,
    /// Whoever asks has a direct with them already.
    pub has_direct: bool,
}

/// A direct that is there now.
#[derive(Debug)]
pub(crate) struct OpenedDirect {
    pub conversation: ConversationId,
    /// The other user.
    pub with: UserId,
    /// When it was begun.
    pub at: Timestamp,
    /// Resolves when its users' connections have been told: an ack must come after that.
    pub announced: oneshot::Receiver<()>,
}
