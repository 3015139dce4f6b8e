//! What becomes of somebody's messages when the account is deleted.

use serde::{Deserialize, Serialize};

/// Whether messages outlive their author's account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ssr", derive(clap::ValueEnum))]
pub enum KeptMessages {
    /// They stay, without the name.
    Keep,
    /// All of them are deleted.
    Delete,
}
