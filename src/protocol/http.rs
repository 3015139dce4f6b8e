//! Bodies of the HTTP API.

use serde::{Deserialize, Serialize};

use crate::domain::{
    ConversationId, CurrentUser, EndReason, Invite, KeptMessages, Nickname, Sanction, Seq, SessionInfo, User,
};

use super::error::ErrorCode;

/// `POST /api/session`: sign in, as a new guest or with a password.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionRequest {
    /// The nickname.
    pub nickname: String,
    /// The password of a registered user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// The invite of a new user, if the sign-up policy requires one. With a password as well, the user is registered at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invite: Option<String>,
    /// The claim token, which makes a new user with a password the owner of a server without owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<String>,
}

/// `PUT /api/me/password`: set a password, which registers a guest, or change it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordRequest {
    /// The new password.
    pub password: String,
    /// The current password of a registered user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current: Option<String>,
    /// The claim token, which makes a guest who registers the owner of a server without owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<String>,
}

/// `DELETE /api/me`: delete the account.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeleteAccountRequest {
    /// The password of a registered user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// What happens to the user's messages.
    pub messages: KeptMessages,
}

/// `GET /api/sessions`: the sessions of the user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionList {
    /// The sessions; the most recently used one first.
    pub sessions: Vec<SessionInfo>,
}

/// The answer to [`SessionRequest`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionCreated {
    /// The session token, which is also set as a cookie. The server does not show it again.
    pub token: String,
    /// The current user.
    pub me: CurrentUser,
}

/// `GET /api/blocks`: the users whom the user has blocked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockList {
    /// The blocked users, in the order in which they were blocked.
    pub blocks: Vec<User>,
}

/// `POST /api/invites`: make an invite.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InviteRequest {
    /// After how many minutes it expires; `None` for never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minutes: Option<u32>,
    /// How many users can sign up with it; `None` for any number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uses: Option<u32>,
}

/// The answer to [`InviteRequest`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InviteCreated {
    /// The invite, without its token.
    pub invite: Invite,
    /// The token that lets users in. The server does not show it again.
    pub token: String,
    /// The path and query of the invite link.
    pub path: String,
    /// The whole link as a QR code, as an SVG document.
    pub qr: String,
}

/// `GET /api/invites`: the invites that are still valid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InviteList {
    /// The invites, newest first.
    pub invites: Vec<Invite>,
}

/// `GET /api/sanctions`: the sanctions in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SanctionList {
    /// The sanctions, sorted by user.
    pub sanctions: Vec<Sanction>,
}

/// `POST /api/reports`: report a message to the moderators.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportRequest {
    /// The conversation of the message.
    pub conversation: ConversationId,
    /// The position of the message.
    pub seq: Seq,
    /// The reason, which may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

/// An error, as RFC 9457 problem details (`application/problem+json`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// `about:blank`, because `code` identifies the problem.
    #[serde(rename = "type")]
    pub kind: String,
    /// The usual phrase for the status.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What happened, for humans.
    pub detail: String,
    /// What happened, for programs.
    pub code: ErrorCode,
    /// A free nickname, with [`ErrorCode::NicknameTaken`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<Nickname>,
    /// When to try again, in milliseconds from now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
    /// Why the session has ended, with [`ErrorCode::Unauthenticated`], if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<EndReason>,
}
