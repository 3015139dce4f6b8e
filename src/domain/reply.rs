//! Replies and threads.

use serde::{Deserialize, Serialize};

use super::ids::Seq;

/// What makes a message a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// The message that it answers.
    #[serde(rename = "reply_to")]
    pub to: Seq,
    /// The first message of its thread: `to`, unless that is a reply itself.
    pub thread: Seq,
}
