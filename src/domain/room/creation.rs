//! Who may create rooms.

use serde::{Deserialize, Serialize};

/// Who may create rooms: a setting of the server. Guests never may.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ssr", derive(clap::ValueEnum))]
pub enum RoomCreation {
    /// Every registered user.
    #[default]
    Registered,
    /// Moderators and owners of the server.
    Moderators,
}
