//! Bodies of the HTTP API.

use serde::{Deserialize, Serialize};

use crate::domain::{
    ConversationId, CurrentUser, EndReason, Invite, KeptMessages, Nickname, Sanction, Seq, SessionInfo, User,
};

use super::error::ErrorCode;

/// `POST /api/session`: come in, as a new guest or with a password.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionRequest {
    /// The name to come in by.
    pub nickname: String,
    /// Its password, for a registered user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// What lets somebody new in, where the house asks for it. With a password, too, they are registered at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invite: Option<String>,
    /// What makes somebody new, with a password, the owner of a server that has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<String>,
}

/// `PUT /api/me/password`: keep the nickname for good, or change the password.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordRequest {
    /// The new one.
    pub password: String,
    /// The one until now, of a registered user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current: Option<String>,
    /// What makes a guest, who gets a password by this, the owner of a server that has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<String>,
}

/// `DELETE /api/me`: delete one's account.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeleteAccountRequest {
    /// The password, of a registered user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// What becomes of one's messages.
    pub messages: KeptMessages,
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
    pub me: CurrentUser,
}

/// `GET /api/blocks`: whom one has blocked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockList {
    /// In the order in which it was done.
    pub blocks: Vec<User>,
}

/// `POST /api/invites`: make a link that lets somebody in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InviteRequest {
    /// After how many minutes it ends; never if missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minutes: Option<u32>,
    /// How many it lets in; as many as come if missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uses: Option<u32>,
}

/// The answer to it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InviteCreated {
    /// What there is to know of it from now on.
    pub invite: Invite,
    /// What lets in; it is not shown again.
    pub token: String,
    /// Where the link leads to, on this server.
    pub path: String,
    /// The same as a picture: an SVG document with a QR code of the whole link.
    pub qr: String,
}

/// `GET /api/invites`: those that still let somebody in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InviteList {
    /// The newest first.
    pub invites: Vec<Invite>,
}

/// `GET /api/sanctions`: who may not do what at the moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SanctionList {
    /// By user.
    pub sanctions: Vec<Sanction>,
}

/// `POST /api/reports`: tell the moderators of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportRequest {
    /// Where it is.
    pub conversation: ConversationId,
    /// Its position there.
    pub seq: Seq,
    /// Why, if there is something to say.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
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
    /// Why the session is over, beside [`ErrorCode::Unauthenticated`], where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<EndReason>,
}
