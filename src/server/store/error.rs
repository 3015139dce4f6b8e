//! Why the store refuses a command or cannot carry it out.

use crate::domain::{Nickname, Timestamp};

/// What the store refuses or cannot do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum StoreError {
    /// Full disk, I/O error, or it is closing. Nothing happened; the log says why.
    #[error("the store is not available")]
    Unavailable,
    /// The data takes all of the disk that it may. Nothing happened.
    #[error("the disk quota is used up")]
    QuotaUsedUp,
    /// Another user has this name or one that looks like it.
    #[error("the nickname is taken")]
    NicknameTaken {
        /// A free one, if one was found.
        suggestion: Option<Nickname>,
    },
    /// Nobody has this name now.
    #[error("nobody has this nickname")]
    UnknownUser,
    /// The password is another one by now.
    #[error("the password is another one by now")]
    WrongPassword,
    /// Somebody owns the server already.
    #[error("the server has an owner")]
    Owned,
    /// A direct needs two users.
    #[error("a direct needs two users")]
    SelfDirect,
    /// No such conversation, or the user is not in it.
    #[error("not a member of this conversation")]
    NotMember,
    /// No such message there, or it was deleted.
    #[error("no such message")]
    UnknownMessage,
    /// Another user wrote the message.
    #[error("not the message's author")]
    NotAuthor,
    /// The message has [`MAX_REACTIONS`](crate::domain::MAX_REACTIONS) different emoji.
    #[error("too many different reactions")]
    TooManyReactions,
    /// The user's role does not suffice.
    #[error("not allowed")]
    NotAllowed,
    /// Guests have no role.
    #[error("not registered")]
    NotRegistered,
    /// The user may not write there.
    #[error("muted")]
    Muted {
        /// When that ends by itself.
        until: Option<Timestamp>,
    },
    /// The user, or a new guest from that address, may not come in.
    #[error("banned")]
    Banned {
        /// When that ends by itself.
        until: Option<Timestamp>,
    },
    /// Guests of this address have as many nicknames as they may.
    #[error("too many guests of one address")]
    TooManyGuests,
    /// No such invite, or it has ended.
    #[error("no such invite")]
    InvalidInvite,
    /// The other user of the direct has given the name back, or has no account any more.
    #[error("the other user has gone")]
    UserGone,
    /// The user has blocked the other one.
    #[error("blocked by this very user")]
    Blocked,
    /// Nobody can block themselves.
    #[error("nobody can block themselves")]
    SelfBlock,
    /// The user has blocked [`MAX_BLOCKS`] others.
    #[error("too many blocked users")]
    TooManyBlocks,
    /// Nobody reports what they wrote themselves.
    #[error("the reporter's own message")]
    OwnMessage,
    /// The user has as many open reports as one may have.
    #[error("too many open reports")]
    TooManyReports,
    /// Somebody must own the place.
    #[error("the last owner")]
    LastOwner,
    /// No such report, or it has been closed.
    #[error("no such report")]
    UnknownReport,
}
