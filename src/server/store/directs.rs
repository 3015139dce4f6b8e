//! Finding and opening directs.

use tokio::sync::oneshot;

use crate::domain::{ConversationId, NicknameKey, Timestamp, User, UserId};

/// A direct to be found, or created if there is none.
#[derive(Debug)]
pub(crate) struct OpenDirect {
    pub opener: User,
    pub target: UserRef,
}

/// The other user of a direct.
#[derive(Clone, Debug)]
pub(crate) enum UserRef {
    /// The user who holds this nickname now.
    Nickname(NicknameKey),
    /// This user, whatever the nickname is now.
    Id(UserId),
}

/// The user whom a [`UserRef`] means.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FoundUser {
    pub id: UserId,
    /// Whether the opener already has a direct with this user.
    pub has_direct: bool,
}

/// A direct that was found or created.
#[derive(Debug)]
pub(crate) struct OpenedDirect {
    pub conversation: ConversationId,
    /// The other user.
    pub with: UserId,
    /// When the direct was created.
    pub at: Timestamp,
    /// Resolves when the connections of both users have got the conversation. The ack must come after that.
    pub announced: oneshot::Receiver<()>,
}
