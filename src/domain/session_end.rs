//! The end of a session.

use serde::{Deserialize, Serialize};

use super::ids::UserId;

/// Why a session has ended. It decides whether unsent messages stay in the browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// The user ended it, on this or another device; also if the reason is unknown.
    SignedOut,
    /// The user has changed the password.
    PasswordChanged,
    /// A moderator or the operator removed the user.
    Removed,
    /// It was too old, or unused for too long.
    Expired,
    /// The operator ended the sessions of all guests.
    GuestsEnded,
}

impl EndReason {
    /// All reasons.
    pub const ALL: [Self; 5] =
        [Self::SignedOut, Self::PasswordChanged, Self::Removed, Self::Expired, Self::GuestsEnded];

    /// The name on the wire and in the store.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SignedOut => "signed_out",
            Self::PasswordChanged => "password_changed",
            Self::Removed => "removed",
            Self::Expired => "expired",
            Self::GuestsEnded => "guests_ended",
        }
    }

    /// Whether somebody ended it on purpose. Then nothing that was written in it may stay in the browser.
    pub const fn is_intended(self) -> bool {
        !matches!(self, Self::Expired)
    }
}

/// An ended session, as the server reports it to the browser that returns with its token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionEnd {
    /// The user of the session.
    pub user: UserId,
    /// Whether that user can sign in again.
    pub registered: bool,
    /// Why it is over.
    pub reason: EndReason,
}

impl SessionEnd {
    /// Whether nothing that was written in it may stay in the browser: it was ended on purpose, or the user cannot sign in
    /// again.
    pub const fn is_final(self) -> bool {
        self.reason.is_intended() || !self.registered
    }
}
