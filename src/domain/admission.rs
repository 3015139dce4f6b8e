//! The sign-up policy.

use serde::{Deserialize, Serialize};

/// Who may sign up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ssr", derive(clap::ValueEnum))]
pub enum AdmissionPolicy {
    /// Anyone.
    #[default]
    Open,
    /// New users need an invite.
    Invite,
    /// Guests are not admitted: every user needs a password.
    Registered,
}
