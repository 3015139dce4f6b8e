//! What the two ends of the admin socket agree on.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// What commands and their output call the Lobby.
pub(super) const LOBBY: &str = "lobby";

/// The server's answer to a command.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum AdminAnswer {
    /// The command was executed. The text is for the operator.
    Done(String),
    /// The command was refused, for this reason.
    Refused(String),
}

/// Where the socket of a server with this data folder is.
pub(super) fn socket_path(data: &Path) -> PathBuf {
    data.join("admin.sock")
}
