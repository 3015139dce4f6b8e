//! What can go wrong, as codes that clients act on.

use serde::{Deserialize, Serialize};

use crate::domain::EndReason;

/// Why a frame or request was refused. The words beside it are for people; this is for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// Not JSON, not an object, or fields that are missing or of the wrong kind.
    BadFrame,
    /// A `type` that this protocol doesn't have.
    UnknownType,
    /// A version of the protocol that this server doesn't speak.
    UnsupportedProtocol,
    /// A command before `hello`.
    HelloFirst,
    /// A second `hello`.
    AlreadyGreeted,
    /// No session, or one that has ended.
    Unauthenticated,
    /// The nickname or the password is wrong.
    WrongPassword,
    /// Too short, too long, or one that everybody tries first.
    InvalidPassword,
    /// Empty, too long, or with characters that can't be seen.
    InvalidNickname,
    /// Somebody has this name, or one that looks like it.
    NicknameTaken,
    /// Nobody here has that name.
    UnknownUser,
    /// One can't talk in private with oneself.
    SelfDirect,
    /// The other user of the direct has gone for good.
    UserGone,
    /// This user has blocked the other one.
    Blocked,
    /// This user has blocked as many others as one can.
    TooManyBlocks,
    /// No such conversation, or not this user's.
    UnknownConversation,
    /// Nothing to send.
    EmptyMessage,
    /// More than a message holds.
    MessageTooLong,
    /// A character with more marks, or of more code points, than any script needs.
    InvalidMessage,
    /// No such message in this conversation, or it was deleted.
    UnknownMessage,
    /// Not somebody's to do: the message is another user's, or it needs another role.
    Forbidden,
    /// A moderator has taken this user's voice for a while.
    Muted,
    /// A moderator keeps this user, or new guests of this address, out.
    Banned,
    /// New guests need an invite here.
    InviteRequired,
    /// No such invite, or it has ended.
    InvalidInvite,
    /// This house has no guests: one needs an account.
    AccountRequired,
    /// Somebody must own the place: the last owner appoints another one first.
    LastOwner,
    /// Not one emoji.
    InvalidEmoji,
    /// The message has as many different emoji as it can carry.
    TooManyReactions,
    /// Too much at once; `retry_after_ms` says when to try again.
    RateLimited,
    /// The store can't write at the moment; nothing happened, try again.
    StorageUnavailable,
    /// Not from this page (HTTP and upgrade).
    ForeignOrigin,
    /// No such thing (HTTP).
    NotFound,
    /// The server is at fault; its log says more.
    Internal,
}

impl ErrorCode {
    /// All of them.
    pub const ALL: [Self; 34] = [
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
        Self::RateLimited,
        Self::StorageUnavailable,
        Self::ForeignOrigin,
        Self::NotFound,
        Self::Internal,
    ];

    /// Its name on the wire.
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
    /// WebSocket itself was broken: a frame that RFC 6455 does not have.
    BadWebSocket = 1002,
    /// A text that is not UTF-8.
    NotUtf8 = 1007,
    /// A frame of more than [`super::limits::MAX_FRAME_BYTES`].
    TooBig = 1009,
    /// The server restarts: come back soon.
    Restarting = 1012,
    /// This connection could not keep up: come back and resync.
    TooSlow = 1013,
    /// The client broke the protocol.
    ProtocolError = 4400,
    /// There is no such session, or its user has ended it.
    SessionEnded = 4401,
    /// A moderator has removed this user, or keeps them out.
    Removed = 4403,
    /// No hello in time.
    NoHello = 4408,
    /// The nickname is taken.
    NicknameTaken = 4409,
    /// The session has ended, because its user has another password now.
    PasswordChanged = 4410,
    /// The session has ended by its age, or because nobody had used it for long.
    SessionExpired = 4411,
    /// The session has ended, because whoever runs the server has ended those of all guests.
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
    /// Who the user is, or what they may hear, is another thing by now: come back and resync.
    pub const COME_BACK: Self = Self::TooSlow;

    /// The number on the wire.
    pub const fn number(self) -> u16 {
        self as u16
    }
}
