//! Who may come into a house.

use serde::{Deserialize, Serialize};

/// Who may come in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ssr", derive(clap::ValueEnum))]
pub enum AdmissionPolicy {
    /// Anyone who has the address.
    #[default]
    Open,
    /// New guests need an invite.
    Invite,
    /// There are no guests: everybody has a password.
    Registered,
}
