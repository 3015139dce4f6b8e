//! Bodies of the HTTP API.

use serde::{Deserialize, Serialize};

use crate::domain::{Conversation, Me, Message, Nickname, Seq};

use super::ErrorCode;

/// `POST /api/session`: come in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionRequest {
    /// The name to come in by.
    pub nickname: String,
}

/// The answer to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionCreated {
    /// The session's token, also set as a cookie; it is not shown again.
    pub token: String,
    /// Who one is now.
    pub me: Me,
}

/// `GET /api/conversations`: what one is in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationList {
    /// Rooms first, then directs, the one with the newest message first.
    pub conversations: Vec<Conversation>,
}

/// `GET /api/conversations/{id}/messages`: a stretch of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessagesPage {
    /// By position, ascending.
    pub messages: Vec<Message>,
    /// The conversation's newest event when this was read: all events up to it are folded in.
    pub as_of: Seq,
    /// Whether there is more in the direction that was asked for.
    pub more: bool,
}

/// An error, as RFC 9457 problem details (`application/problem+json`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// `about:blank`: the code below says what there is to say.
    #[serde(rename = "type")]
    pub kind: String,
    /// The status's usual words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What happened, for people.
    pub detail: String,
    /// What happened, for programs.
    pub code: ErrorCode,
    /// A nickname that is free, beside [`ErrorCode::NicknameTaken`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<Nickname>,
    /// When to try again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
}
