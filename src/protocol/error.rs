//! Error codes and close codes.

use serde::{Deserialize, Serialize};

use crate::domain::EndReason;

/// Why a frame or request was refused, for programs. The message that comes with it is for humans.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// Not JSON, not an object, or with missing or wrong fields.
    BadFrame,
    /// An unknown `type`.
    UnknownType,
    /// A version of the protocol that this server does not support.
    UnsupportedProtocol,
    /// A command before `hello`.
    HelloFirst,
    /// A second `hello`.
    AlreadyGreeted,
    /// No session, or one that has ended.
    Unauthenticated,
    /// The nickname or the password is wrong.
    WrongPassword,
    /// A password that is too short, too long, or easy to guess.
    InvalidPassword,
    /// A nickname that breaks the rules.
    InvalidNickname,
    /// Another user has this nickname, or one that looks like it.
    NicknameTaken,
    /// No user has this nickname or id.
    UnknownUser,
    /// A direct with oneself.
    SelfDirect,
    /// The other user of the direct has gone for good.
    UserGone,
    /// The user has blocked the other user.
    Blocked,
    /// The user has blocked as many others as allowed.
    TooManyBlocks,
    /// No such conversation, or the user is not a member.
    UnknownConversation,
    /// A name that breaks the rules for rooms.
    InvalidRoomName,
    /// Another public room has this name, or one that looks like it.
    RoomNameTaken,
    /// A topic that is too long.
    TopicTooLong,
    /// The room is archived and can only be read.
    RoomArchived,
    /// The user is in as many rooms as allowed.
    TooManyRooms,
    /// A message without visible characters.
    EmptyMessage,
    /// A message that is too long.
    MessageTooLong,
    /// A character with more marks or code points than any script needs.
    InvalidMessage,
    /// No such message in this conversation, or it was deleted.
    UnknownMessage,
    /// Not allowed: the message is of another user, or the role is too low.
    Forbidden,
    /// A moderator has muted the user.
    Muted,
    /// A moderator has banned the user, or new guests of this address.
    Banned,
    /// New users need an invite on this server.
    InviteRequired,
    /// No such invite, or it has expired.
    InvalidInvite,
    /// The server admits no guests, or only registered users may do this.
    AccountRequired,
    /// The last owner, of the server or of a room, must appoint another one first.
    LastOwner,
    /// Not one emoji.
    InvalidEmoji,
    /// The message has as many different reactions as allowed.
    TooManyReactions,
    /// The conversation has as many pinned messages as allowed.
    TooManyPins,
    /// Too much at once; `retry_after_ms` says when to try again.
    RateLimited,
    /// The store cannot write at the moment. The command had no effect; try again.
    StorageUnavailable,
    /// The request comes from a page of another site (HTTP and upgrade).
    ForeignOrigin,
    /// No such resource (HTTP).
    NotFound,
    /// A fault of the server, which its log describes.
    Internal,
}

impl ErrorCode {
    /// All codes.
    pub const ALL: [Self; 40] = [
        Self::BadFrame,
        Self::UnknownType,
        Self::UnsupportedProtocol,
        Self::HelloFirst,
        Self::AlreadyGreeted,
        Self::Unauthenticated,
        Self::WrongPassword,
        Self::InvalidPassword,
        Self::InvalidNickname,
        Self::NicknameTaken,
        Self::UnknownUser,
        Self::SelfDirect,
        Self::UserGone,
        Self::Blocked,
        Self::TooManyBlocks,
        Self::UnknownConversation,
        Self::InvalidRoomName,
        Self::RoomNameTaken,
        Self::TopicTooLong,
        Self::RoomArchived,
        Self::TooManyRooms,
        Self::EmptyMessage,
        Self::MessageTooLong,
        Self::InvalidMessage,
        Self::UnknownMessage,
        Self::Forbidden,
        Self::Muted,
        Self::Banned,
        Self::InviteRequired,
        Self::InvalidInvite,
        Self::AccountRequired,
        Self::LastOwner,
        Self::InvalidEmoji,
        Self::TooManyReactions,
        Self::TooManyPins,
        Self::RateLimited,
        Self::StorageUnavailable,
        Self::ForeignOrigin,
        Self::NotFound,
        Self::Internal,
    ];

    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::BadFrame => "bad_frame",
            Self::UnknownType => "unknown_type",
            Self::UnsupportedProtocol => "unsupported_protocol",
            Self::HelloFirst => "hello_first",
            Self::AlreadyGreeted => "already_greeted",
            Self::Unauthenticated => "unauthenticated",
            Self::WrongPassword => "wrong_password",
            Self::InvalidPassword => "invalid_password",
            Self::InvalidNickname => "invalid_nickname",
            Self::NicknameTaken => "nickname_taken",
            Self::UnknownUser => "unknown_user",
            Self::SelfDirect => "self_direct",
            Self::UserGone => "user_gone",
            Self::Blocked => "blocked",
            Self::TooManyBlocks => "too_many_blocks",
            Self::UnknownConversation => "unknown_conversation",
            Self::InvalidRoomName => "invalid_room_name",
            Self::RoomNameTaken => "room_name_taken",
            Self::TopicTooLong => "topic_too_long",
            Self::RoomArchived => "room_archived",
            Self::TooManyRooms => "too_many_rooms",
            Self::EmptyMessage => "empty_message",
            Self::MessageTooLong => "message_too_long",
            Self::InvalidMessage => "invalid_message",
            Self::UnknownMessage => "unknown_message",
            Self::Forbidden => "forbidden",
            Self::Muted => "muted",
            Self::Banned => "banned",
            Self::InviteRequired => "invite_required",
            Self::InvalidInvite => "invalid_invite",
            Self::AccountRequired => "account_required",
            Self::LastOwner => "last_owner",
            Self::InvalidEmoji => "invalid_emoji",
            Self::TooManyReactions => "too_many_reactions",
            Self::TooManyPins => "too_many_pins",
            Self::RateLimited => "rate_limited",
            Self::StorageUnavailable => "storage_unavailable",
            Self::ForeignOrigin => "foreign_origin",
            Self::NotFound => "not_found",
            Self::Internal => "internal",
        }
    }
}

/// Close codes of the WebSocket beyond the usual ones (RFC 6455 §7.4; 4000–4999 are private).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseCode {
    /// A frame that violates RFC 6455.
    BadWebSocket = 1002,
    /// A text that is not UTF-8.
    NotUtf8 = 1007,
    /// A frame of more than [`super::limits::MAX_FRAME_BYTES`].
    TooBig = 1009,
    /// The server restarts; the client should reconnect soon.
    Restarting = 1012,
    /// The client was too slow; it should reconnect and resume.
    TooSlow = 1013,
    /// The client violated the protocol.
    ProtocolError = 4400,
    /// The session does not exist, or the user has ended it.
    SessionEnded = 4401,
    /// A moderator has removed or banned the user.
    Removed = 4403,
    /// No `hello` in time.
    NoHello = 4408,
    /// The nickname is taken.
    NicknameTaken = 4409,
    /// The session has ended because the user has changed the password.
    PasswordChanged = 4410,
    /// The session has expired.
    SessionExpired = 4411,
    /// The operator has ended the sessions of all guests.
    GuestsEnded = 4412,
    /// Too many connections or requests.
    TooMany = 4429,
}

impl From<EndReason> for CloseCode {
    fn from(reason: EndReason) -> Self {
        match reason {
            EndReason::SignedOut => Self::SessionEnded,
            EndReason::PasswordChanged => Self::PasswordChanged,
            EndReason::Removed => Self::Removed,
            EndReason::Expired => Self::SessionExpired,
            EndReason::GuestsEnded => Self::GuestsEnded,
        }
    }
}

impl CloseCode {
    /// The user's profile or memberships have changed: the client should reconnect and resume.
    pub const COME_BACK: Self = Self::TooSlow;

    /// The number on the wire.
    pub const fn number(self) -> u16 {
        self as u16
    }
}
