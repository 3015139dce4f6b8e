//! Bodies of the HTTP API.

use serde::{Deserialize, Serialize};

use crate::domain::{Conversation, Me, Message, Millis, Nickname, Seq, SessionId};

use super::ErrorCode;

/// `POST /api/session`: come in, as a new guest or with a password.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionRequest {
    /// The name to come in by.
    pub nickname: String,
    /// Its password, for a registered user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
}

/// `PUT /api/me/password`: keep the nickname for good, or change the password.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordRequest {
    /// The new one.
    pub password: String,
    /// The one until now, of a registered user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current: Option<String>,
}

/// One of a user's sessions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionInfo {
    /// Names it.
    pub id: SessionId,
    /// When it began.
    pub created_at: Millis,
    /// When it was last used, to the hour.
    pub seen_at: Millis,
    /// The program that signed in, as it calls itself.
    pub agent: String,
    /// Whether it is the one that asks.
    pub current: bool,
}

/// `GET /api/sessions`: where one is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionList {
    /// The one that was used last first.
    pub sessions: Vec<SessionInfo>,
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
