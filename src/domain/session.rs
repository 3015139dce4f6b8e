//! Sessions as their user sees them.

use serde::{Deserialize, Serialize};

use super::ids::{SessionId, Timestamp};

/// One of a user's sessions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionInfo {
    /// Identifies the session. It is not the session token.
    pub id: SessionId,
    /// When the user signed in.
    pub created_at: Timestamp,
    /// When the session was last used, to the hour.
    pub seen_at: Timestamp,
    /// The `User-Agent` header of the client that signed in.
    pub agent: String,
    /// Whether it is the session of the request.
    pub current: bool,
}
