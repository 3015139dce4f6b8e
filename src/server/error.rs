//! What a user is told when something can't be done, whichever door they came by.

use std::time::Duration;

use crate::{
    domain::{
        BodyError, CommandId, EmojiError, EndReason, MAX_REACTIONS, Nickname, NicknameError, PasswordError,
        ReasonError, Timestamp,
    },
    protocol::{ErrorCode, ErrorFrame},
    server::{
        clock,
        store::{MAX_BLOCKED_USERS, StoreError},
    },
};

/// When to try again at a full server, in milliseconds.
const BUSY_FOR: u64 = 5_000;

/// Why a command was refused. The words are for people, [`ChatError::code`] is for programs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ChatError {
    #[error("{0}")]
    InvalidNickname(#[from] NicknameError),
    #[error("somebody here has this name, or one that looks like it")]
    NicknameTaken { suggestion: Option<Nickname> },
    /// What exactly was wrong is nobody's business.
    #[error("the nickname or the password is wrong")]
    WrongPassword,
    #[error("{0}")]
    InvalidPassword(#[from] PasswordError),
    #[error("there is no such session of yours")]
    UnknownSession,
    /// Our fault; the log says more.
    #[error("something went wrong here")]
    Internal,
    #[error("this session is not known, or it has ended")]
    Unauthenticated,
    #[error("this session has ended")]
    SessionEnded(EndReason),
    /// What was looked for, as it was typed but not longer than a nickname can be.
    #[error("nobody here is called {0}")]
    UnknownNickname(String),
    #[error("there is no such user")]
    UnknownUser,
    #[error("nobody can talk in private with themselves")]
    SelfDirect,
    #[error("the other user has gone for good: nobody would read this")]
    UserGone,
    #[error("you have blocked this user")]
    Blocked,
    #[error("you have blocked {MAX_BLOCKED_USERS} users: unblock one first")]
    TooManyBlocks,
    #[error("there is no such conversation, or you are not in it")]
    UnknownConversation,
    #[error("{0}")]
    InvalidMessage(#[from] BodyError),
    #[error("there is no such message here, or it was deleted")]
    UnknownMessage,
    #[error("only its author may do this to a message")]
    NotAuthor,
    #[error("your role does not allow that")]
    NotAllowed,
    #[error("only registered users can have a role or another password")]
    NotRegistered,
    /// What is missing or does not fit.
    #[error("this cannot be done: {0}")]
    BadMeasure(&'static str),
    #[error("a moderator has muted you")]
    Muted { until: Option<Timestamp> },
    #[error("a moderator has banned you, or somebody from where you are")]
    Banned { until: Option<Timestamp> },
    #[error("an invite is needed to come in here")]
    InviteRequired,
    #[error("this invite is not known, or it has ended")]
    InvalidInvite,
    #[error("this server has an owner, or that is not the token by which it can be owned")]
    InvalidClaim,
    #[error("there is no such invite")]
    UnknownInvite,
    #[error("only registered users may come in here")]
    AccountRequired,
    #[error("{0}")]
    InvalidEmoji(#[from] EmojiError),
    #[error("the message has {MAX_REACTIONS} different reactions already")]
    TooManyReactions,
    #[error("there are as many guests of your address here as there may be")]
    TooManyGuests,
    #[error("{0}")]
    InvalidReason(#[from] ReasonError),
    #[error("nobody reports their own messages; you can delete yours")]
    OwnMessage,
    #[error("you have reported as much as moderators can look at; wait until they have")]
    TooManyReports,
    #[error("somebody must own this place: appoint another owner first")]
    LastOwner,
    #[error("there is no such report, or it has been closed")]
    UnknownReport,
    #[error("that is too much at once; try again in a moment")]
    RateLimited { retry_after: Duration },
    #[error("the server is full; try again in a moment")]
    Busy,
    #[error("the server cannot save anything at the moment; try again in a moment")]
    StorageUnavailable,
    #[error("this server has no room for more: its disk quota is used up; what is there can be read and deleted")]
    QuotaUsedUp,
}

impl ChatError {
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
            Self::InvalidMessage(BodyError::Empty) => ErrorCode::EmptyMessage,
            Self::InvalidMessage(BodyError::TooLong) | Self::InvalidReason(_) => ErrorCode::MessageTooLong,
            Self::InvalidMessage(BodyError::Overloaded) => ErrorCode::InvalidMessage,
            Self::UnknownMessage => ErrorCode::UnknownMessage,
            Self::NotAuthor | Self::NotAllowed | Self::OwnMessage => ErrorCode::Forbidden,
            Self::NotRegistered | Self::AccountRequired => ErrorCode::AccountRequired,
            Self::BadMeasure(_) => ErrorCode::BadFrame,
            Self::Muted { .. } => ErrorCode::Muted,
            Self::Banned { .. } => ErrorCode::Banned,
            Self::InviteRequired => ErrorCode::InviteRequired,
            Self::InvalidInvite | Self::InvalidClaim => ErrorCode::InvalidInvite,
            Self::LastOwner => ErrorCode::LastOwner,
            Self::InvalidEmoji(_) => ErrorCode::InvalidEmoji,
            Self::TooManyReactions => ErrorCode::TooManyReactions,
            Self::RateLimited { .. } | Self::TooManyGuests | Self::TooManyReports | Self::Busy => {
                ErrorCode::RateLimited
            }
            Self::StorageUnavailable | Self::QuotaUsedUp => ErrorCode::StorageUnavailable,
        }
    }

    pub(crate) fn suggestion(&self) -> Option<Nickname> {
        match self {
            Self::NicknameTaken { suggestion } => suggestion.clone(),
            _ => None,
        }
    }

    /// Why the session is over, where that is known.
    pub(crate) fn ended(&self) -> Option<EndReason> {
        match self {
            Self::SessionEnded(reason) => Some(*reason),
            _ => None,
        }
    }

    pub(crate) fn retry_after_ms(&self) -> Option<u64> {
        match self {
            // Rounded up: a client that waits so long must find it was long enough.
            Self::RateLimited { retry_after } => {
                Some(u64::try_from(retry_after.as_millis()).unwrap_or(u64::MAX).saturating_add(1))
            }
            Self::Busy => Some(BUSY_FOR),
            Self::Muted { until: Some(until) } | Self::Banned { until: Some(until) } => {
                Some(until.0.saturating_sub(clock::now().0).max(1))
            }
            _ => None,
        }
    }

    /// The answer to the command `id`, if it had one.
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
            StoreError::Unavailable => Self::StorageUnavailable,
            StoreError::QuotaUsedUp => Self::QuotaUsedUp,
            StoreError::NicknameTaken { suggestion } => Self::NicknameTaken { suggestion },
            StoreError::UnknownUser => Self::UnknownUser,
            StoreError::WrongPassword => Self::WrongPassword,
            StoreError::Owned => Self::InvalidClaim,
            StoreError::SelfDirect => Self::SelfDirect,
            StoreError::UserGone => Self::UserGone,
            StoreError::Blocked => Self::Blocked,
            StoreError::SelfBlock => Self::BadMeasure("nobody can block themselves"),
            StoreError::TooManyBlocks => Self::TooManyBlocks,
            StoreError::NotMember => Self::UnknownConversation,
            StoreError::UnknownMessage => Self::UnknownMessage,
            StoreError::NotAuthor => Self::NotAuthor,
            StoreError::TooManyReactions => Self::TooManyReactions,
            StoreError::NotAllowed => Self::NotAllowed,
            StoreError::NotRegistered => Self::NotRegistered,
            StoreError::Muted { until } => Self::Muted { until },
            StoreError::Banned { until } => Self::Banned { until },
            StoreError::TooManyGuests => Self::TooManyGuests,
            StoreError::InvalidInvite => Self::InvalidInvite,
            StoreError::OwnMessage => Self::OwnMessage,
            StoreError::TooManyReports => Self::TooManyReports,
            StoreError::UnknownReport => Self::UnknownReport,
            StoreError::LastOwner => Self::LastOwner,
        }
    }
}
