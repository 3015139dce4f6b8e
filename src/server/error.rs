//! Why something that a user asked for was refused, for all endpoints.

use std::time::Duration;

use crate::{
    domain::{
        BodyError, CommandId, EmojiError, EndReason, MAX_PINS, MAX_REACTIONS, Nickname, NicknameError, PasswordError,
        ReasonError, Timestamp, TopicError,
    },
    protocol::{ErrorCode, ErrorFrame},
    server::{
        clock,
        rules::{MAX_BLOCKED_USERS, MAX_ROOMS_PER_USER, Refusal},
        store::StoreError,
    },
};

/// When a client may try again at a full server, in milliseconds.
const BUSY_RETRY_AFTER_MS: u64 = 5_000;

/// Why a command or request was refused. The texts are for users, [`ChatError::code`] is for programs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ChatError {
    #[error("{0}")]
    InvalidNickname(#[from] NicknameError),
    #[error("somebody here has this name, or one that looks like it")]
    NicknameTaken { suggestion: Option<Nickname> },
    /// Does not say which of the two is wrong, so that nobody can find out which nicknames are registered.
    #[error("the nickname or the password is wrong")]
    WrongPassword,
    #[error("{0}")]
    InvalidPassword(#[from] PasswordError),
    #[error("there is no such session of yours")]
    UnknownSession,
    /// A fault of the server. The log says more.
    #[error("something went wrong here")]
    Internal,
    #[error("this session is not known, or it has ended")]
    Unauthenticated,
    #[error("this session has ended")]
    SessionEnded(EndReason),
    /// The nickname as typed, cut to the length of the longest nickname.
    #[error("nobody here is called {0}")]
    UnknownNickname(String),
    #[error("there is no such user")]
    UnknownUser,
    #[error("nobody can open a direct with themselves")]
    SelfDirect,
    #[error("the other user has gone for good: nobody would read this")]
    UserGone,
    #[error("you have blocked this user")]
    Blocked,
    #[error("you have blocked {MAX_BLOCKED_USERS} users: unblock one first")]
    TooManyBlocks,
    #[error("there is no such conversation, or you are not in it")]
    UnknownConversation,
    #[error("rooms are named by the rules for nicknames: {0}")]
    InvalidRoomName(NicknameError),
    #[error("another public room has this name, or one that looks like it")]
    RoomNameTaken,
    #[error("{0}")]
    TopicTooLong(#[from] TopicError),
    #[error("this room is archived: it can only be read")]
    RoomArchived,
    #[error("nobody can be in more than {MAX_ROOMS_PER_USER} rooms")]
    TooManyRooms,
    #[error("{0}")]
    InvalidMessage(#[from] BodyError),
    #[error("there is no such message here, or it was deleted")]
    UnknownMessage,
    #[error("only its author may do this to a message")]
    NotAuthor,
    #[error("your role does not allow that")]
    NotAllowed,
    #[error("only registered users can do this; set a password first")]
    NotRegistered,
    /// Fields that are missing or do not fit together; the text says which.
    #[error("this cannot be done: {0}")]
    BadRequest(&'static str),
    #[error("a moderator has muted you")]
    Muted { until: Option<Timestamp> },
    #[error("a moderator has banned you, or somebody at your address")]
    Banned { until: Option<Timestamp> },
    #[error("an invite is needed to sign up here")]
    InviteRequired,
    #[error("this invite is not known, or it has ended")]
    InvalidInvite,
    #[error("this server has an owner, or this is not its claim token")]
    InvalidClaim,
    #[error("there is no such invite")]
    UnknownInvite,
    #[error("only registered users may sign in here")]
    AccountRequired,
    #[error("{0}")]
    InvalidEmoji(#[from] EmojiError),
    #[error("the message has {MAX_REACTIONS} different reactions already")]
    TooManyReactions,
    #[error("the conversation has {MAX_PINS} pinned messages already")]
    TooManyPins,
    #[error("too many guests are here from your address")]
    TooManyGuests,
    #[error("{0}")]
    InvalidReason(#[from] ReasonError),
    #[error("you cannot report your own message; you can delete it")]
    OwnMessage,
    #[error("you have too many open reports; wait until moderators have closed some")]
    TooManyReports,
    #[error("somebody must be the owner: appoint another one first")]
    LastOwner,
    #[error("there is no such report, or it has been closed")]
    UnknownReport,
    #[error("that is too much at once; try again in a moment")]
    RateLimited { retry_after: Duration },
    #[error("the server is full; try again in a moment")]
    Busy,
    #[error("the server cannot save anything at the moment; try again in a moment")]
    StorageUnavailable,
    #[error("the disk quota of this server is used up; existing messages can be read and deleted")]
    QuotaUsedUp,
}

impl ChatError {
    /// The code for programs.
    pub(crate) fn code(&self) -> ErrorCode {
        match self {
            Self::InvalidNickname(_) => ErrorCode::InvalidNickname,
            Self::NicknameTaken { .. } => ErrorCode::NicknameTaken,
            Self::WrongPassword => ErrorCode::WrongPassword,
            Self::InvalidPassword(_) => ErrorCode::InvalidPassword,
            Self::UnknownSession | Self::UnknownInvite | Self::UnknownReport => ErrorCode::NotFound,
            Self::Internal => ErrorCode::Internal,
            Self::Unauthenticated | Self::SessionEnded(_) => ErrorCode::Unauthenticated,
            Self::UnknownNickname(_) | Self::UnknownUser => ErrorCode::UnknownUser,
            Self::SelfDirect => ErrorCode::SelfDirect,
            Self::UserGone => ErrorCode::UserGone,
            Self::Blocked => ErrorCode::Blocked,
            Self::TooManyBlocks => ErrorCode::TooManyBlocks,
            Self::UnknownConversation => ErrorCode::UnknownConversation,
            Self::InvalidRoomName(_) => ErrorCode::InvalidRoomName,
            Self::RoomNameTaken => ErrorCode::RoomNameTaken,
            Self::TopicTooLong(_) => ErrorCode::TopicTooLong,
            Self::RoomArchived => ErrorCode::RoomArchived,
            Self::TooManyRooms => ErrorCode::TooManyRooms,
            Self::InvalidMessage(BodyError::Empty) => ErrorCode::EmptyMessage,
            Self::InvalidMessage(BodyError::TooLong) | Self::InvalidReason(_) => ErrorCode::MessageTooLong,
            Self::InvalidMessage(BodyError::Overloaded) => ErrorCode::InvalidMessage,
            Self::UnknownMessage => ErrorCode::UnknownMessage,
            Self::NotAuthor | Self::NotAllowed | Self::OwnMessage => ErrorCode::Forbidden,
            Self::NotRegistered | Self::AccountRequired => ErrorCode::AccountRequired,
            Self::BadRequest(_) => ErrorCode::BadFrame,
            Self::Muted { .. } => ErrorCode::Muted,
            Self::Banned { .. } => ErrorCode::Banned,
            Self::InviteRequired => ErrorCode::InviteRequired,
            Self::InvalidInvite | Self::InvalidClaim => ErrorCode::InvalidInvite,
            Self::LastOwner => ErrorCode::LastOwner,
            Self::InvalidEmoji(_) => ErrorCode::InvalidEmoji,
            Self::TooManyReactions => ErrorCode::TooManyReactions,
            Self::TooManyPins => ErrorCode::TooManyPins,
            Self::RateLimited { .. } | Self::TooManyGuests | Self::TooManyReports | Self::Busy => {
                ErrorCode::RateLimited
            }
            Self::StorageUnavailable | Self::QuotaUsedUp => ErrorCode::StorageUnavailable,
        }
    }

    /// A free nickname that is similar to the taken one.
    pub(crate) fn suggestion(&self) -> Option<Nickname> {
        match self {
            Self::NicknameTaken { suggestion } => suggestion.clone(),
            _ => None,
        }
    }

    /// Why the session has ended, if that is known.
    pub(crate) fn end_reason(&self) -> Option<EndReason> {
        match self {
            Self::SessionEnded(reason) => Some(*reason),
            _ => None,
        }
    }

    /// When a client may try again, in milliseconds.
    pub(crate) fn retry_after_ms(&self) -> Option<u64> {
        match self {
            // Rounded up, so that a client that waits this long does not come too early.
            Self::RateLimited { retry_after } => {
                Some(u64::try_from(retry_after.as_millis()).unwrap_or(u64::MAX).saturating_add(1))
            }
            Self::Busy => Some(BUSY_RETRY_AFTER_MS),
            Self::Muted { until: Some(until) } | Self::Banned { until: Some(until) } => {
                Some(until.0.saturating_sub(clock::now().0).max(1))
            }
            _ => None,
        }
    }

    /// The error frame for the command `id`, or for a frame without an id.
    pub(crate) fn frame(&self, id: Option<CommandId>) -> ErrorFrame {
        ErrorFrame {
            id,
            code: self.code(),
            message: self.to_string(),
            suggestion: self.suggestion(),
            retry_after_ms: self.retry_after_ms(),
        }
    }
}

impl From<StoreError> for ChatError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Refused(refusal) => refusal.into(),
            StoreError::Unavailable => Self::StorageUnavailable,
            StoreError::QuotaUsedUp => Self::QuotaUsedUp,
        }
    }
}

/// What a user is told when a rule forbids something. Where the same refusal means something else, `chat` says what.
impl From<Refusal> for ChatError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NicknameTaken { suggestion } => Self::NicknameTaken { suggestion },
            Refusal::UnknownUser => Self::UnknownUser,
            Refusal::WrongPassword => Self::WrongPassword,
            Refusal::Owned => Self::InvalidClaim,
            Refusal::SelfDirect => Self::SelfDirect,
            Refusal::NotMember => Self::UnknownConversation,
            Refusal::RoomNameTaken => Self::RoomNameTaken,
            Refusal::RoomArchived => Self::RoomArchived,
            Refusal::TooManyRooms => Self::TooManyRooms,
            Refusal::NotDirect => Self::BadRequest("only a direct can be hidden"),
            Refusal::UnknownMessage => Self::UnknownMessage,
            Refusal::NotAuthor => Self::NotAuthor,
            Refusal::TooManyReactions => Self::TooManyReactions,
            Refusal::TooManyPins => Self::TooManyPins,
            Refusal::NotAllowed => Self::NotAllowed,
            Refusal::NotRegistered => Self::NotRegistered,
            Refusal::Muted { until } => Self::Muted { until },
            Refusal::Banned { until } => Self::Banned { until },
            Refusal::TooManyGuests => Self::TooManyGuests,
            Refusal::InvalidInvite => Self::InvalidInvite,
            Refusal::UserGone => Self::UserGone,
            Refusal::Blocked => Self::Blocked,
            Refusal::SelfBlock => Self::BadRequest("nobody can block themselves"),
            Refusal::TooManyBlocks => Self::TooManyBlocks,
            Refusal::OwnMessage => Self::OwnMessage,
            Refusal::TooManyReports => Self::TooManyReports,
            Refusal::LastOwner => Self::LastOwner,
            Refusal::UnknownReport => Self::UnknownReport,
        }
    }
}
