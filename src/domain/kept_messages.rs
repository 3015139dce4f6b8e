//! What happens to a user's messages when the account is deleted.

use serde::{Deserialize, Serialize};

/// Whether a user's messages outlive the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ssr", derive(clap::ValueEnum))]
pub enum KeptMessages {
    /// They stay, without the name of their author.
    Keep,
    /// All of them are deleted.
    Delete,
}
