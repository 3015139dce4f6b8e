//! Why a session is over.

use serde::{Deserialize, Serialize};

use super::ids::UserId;

/// Why a session is over. What its browser does with texts that were not sent depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// Its user ended it, from here or from another device; or nobody knows why.
    SignedOut,
    /// Its user has another password now.
    PasswordChanged,
    /// A moderator, or whoever runs the server, has removed its user.
    Removed,
    /// It was too old, or nobody had used it for long.
    Expired,
    /// Whoever runs the server has ended the sessions of all guests.
    GuestsEnded,
}

impl EndReason {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::SignedOut, Self::PasswordChanged, Self::Removed, Self::Expired, Self::GuestsEnded];

    /// Its name on the wire and in the store.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SignedOut => "signed_out",
            Self::PasswordChanged => "password_changed",
            Self::Removed => "removed",
            Self::Expired => "expired",
            Self::GuestsEnded => "guests_ended",
        }
    }

    /// Whether somebody meant the browser to lose the session: then nothing that was written in it may stay there.
    pub const fn is_intended(self) -> bool {
        !matches!(self, Self::Expired)
    }
}

/// A session that is over, as its browser is told when it comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionEnd {
    /// Whose it was.
    pub user: UserId,
    /// Whether that user can sign in again.
    pub registered: bool,
    /// Why it is over.
    pub reason: EndReason,
}

impl SessionEnd {
    /// Whether nothing that was written in it may stay in its browser: somebody meant it to end, or its user cannot come
    /// back.
    pub const fn is_final(self) -> bool {
        self.reason.is_intended() || !self.registered
    }
}
