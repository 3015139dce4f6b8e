//! Why a command is refused.

use crate::domain::{Nickname, Timestamp};

/// Why a command was refused. Nothing was changed. `server::error` says what a user is told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// Another user has this nickname or one that looks like it.
    #[error("the nickname is taken")]
    NicknameTaken {
        /// A free nickname, if one was found.
        suggestion: Option<Nickname>,
    },
    /// No user has this nickname or id.
    #[error("no such user")]
    UnknownUser,
    /// The password has been changed since it was compared.
    #[error("the password has been changed")]
    WrongPassword,
    /// The server already has an owner.
    #[error("the server has an owner")]
    Owned,
    /// A direct needs two different users.
    #[error("a direct needs two users")]
    SelfDirect,
    /// There is no such conversation, or the user is not a member.
    #[error("not a member of this conversation")]
    NotMember,
    /// Another public room has this name, or one that looks like it.
    #[error("the name of the room is taken")]
    RoomNameTaken,
    /// The room is archived.
    #[error("the room is archived")]
    RoomArchived,
    /// The user is in [`MAX_ROOMS_PER_USER`](crate::server::rules::MAX_ROOMS_PER_USER) rooms.
    #[error("in too many rooms")]
    TooManyRooms,
    /// Only a direct can be hidden.
    #[error("not a direct")]
    NotDirect,
    /// There is no such message, or it was deleted.
    #[error("no such message")]
    UnknownMessage,
    /// Another user wrote the message.
    #[error("not the message's author")]
    NotAuthor,
    /// The message has [`MAX_REACTIONS`](crate::domain::MAX_REACTIONS) different emoji.
    #[error("too many different reactions")]
    TooManyReactions,
    /// The conversation has [`MAX_PINS`](crate::domain::MAX_PINS) pinned messages.
    #[error("too many pinned messages")]
    TooManyPins,
    /// The user's role does not allow this.
    #[error("not allowed")]
    NotAllowed,
    /// Only a registered user can have a role, create a room, or join one that is not the Lobby.
    #[error("not registered")]
    NotRegistered,
    /// The user is muted there.
    #[error("muted")]
    Muted {
        /// When the mute ends by itself.
        until: Option<Timestamp>,
    },
    /// The user is banned, or new guests from that address are.
    #[error("banned")]
    Banned {
        /// When the ban ends by itself.
        until: Option<Timestamp>,
    },
    /// The guests of this address already hold as many nicknames as allowed.
    #[error("too many guests from one address")]
    TooManyGuests,
    /// There is no such invite, or it has expired, been used up or been revoked.
    #[error("no such invite")]
    InvalidInvite,
    /// The other user of the direct has released the nickname or deleted the account.
    #[error("the other user has gone")]
    UserGone,
    /// The user has blocked the other one.
    #[error("the user has blocked the other one")]
    Blocked,
    /// Users cannot block themselves.
    #[error("users cannot block themselves")]
    SelfBlock,
    /// The user has blocked [`MAX_BLOCKED_USERS`](crate::server::rules::MAX_BLOCKED_USERS) users.
    #[error("too many blocked users")]
    TooManyBlocks,
    /// Users cannot report their own messages.
    #[error("the reporter's own message")]
    OwnMessage,
    /// The user has as many open reports as allowed.
    #[error("too many open reports")]
    TooManyReports,
    /// The server, or a room, must keep an owner.
    #[error("the last owner")]
    LastOwner,
    /// There is no such report, or it has been closed.
    #[error("no such report")]
    UnknownReport,
}
