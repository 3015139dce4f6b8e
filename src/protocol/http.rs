//! Bodies of the HTTP API.

use serde::{Deserialize, Serialize};

use crate::domain::{
    Action, Conversation, ConversationId, CurrentUser, EndReason, InviteId, KeptMessages, Message, Nickname, Reason,
    Seq, SessionId, Timestamp, User,
};

use super::ErrorCode;

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

/// One of a user's sessions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionInfo {
    /// Names it.
    pub id: SessionId,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last used, to the hour.
    pub seen_at: Timestamp,
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
    pub me: CurrentUser,
}

/// `GET /api/conversations`: what one is in, as far as it is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationList {
    /// Rooms first, then directs, the one with the latest event first.
    pub conversations: Vec<Conversation>,
    /// Where the list goes on, if it does: to be asked for as what comes before this. Opaque.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub older: Option<String>,
}

/// `GET /api/blocks`: whom one has blocked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockList {
    /// In the order in which it was done.
    pub blocks: Vec<User>,
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

/// A link that lets people in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invite {
    /// Names it. Who knows this can't come in by it.
    pub id: InviteId,
    /// When it was made.
    pub created_at: Timestamp,
    /// Who made it; nobody if it was made on the host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_by: Option<User>,
    /// When it ends, if ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// How many it lets in, if that is counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most_uses: Option<u32>,
    /// How many came in by it.
    pub uses: u32,
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

/// What somebody may not do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sanction {
    /// Who.
    pub user: User,
    /// `mute` or `ban`.
    pub action: Action,
    /// In which room; everywhere if missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation: Option<ConversationId>,
    /// When it ends by itself, if ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
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

/// `GET /api/reports`: what users have reported, and nobody has dealt with yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportList {
    /// The one that has waited longest first.
    pub reports: Vec<Report>,
    /// How many there are, listed or not.
    pub open: u64,
}

/// A message that a user has reported, with those around it, as they were then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Names it.
    pub id: u64,
    /// When it was reported.
    pub at: Timestamp,
    /// By whom.
    pub reporter: User,
    /// Why.
    #[serde(default, skip_serializing_if = "Reason::is_empty")]
    pub reason: Reason,
    /// Where the message is.
    pub conversation: ConversationId,
    /// Whether that is a direct, in which nobody else can read.
    pub direct: bool,
    /// The message's position there.
    pub seq: Seq,
    /// Whether the message has been deleted since.
    pub deleted: bool,
    /// The message and those around it, by position.
    pub messages: Vec<Message>,
}

impl Report {
    /// The message that was reported.
    pub fn reported(&self) -> Option<&Message> {
        self.messages.iter().find(|message| message.seq == self.seq)
    }
}

/// `GET /api/audit`: what was done with the rights that not everybody has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditPage {
    /// The newest first.
    pub entries: Vec<AuditEntry>,
    /// Whether there are older ones.
    pub more: bool,
}

/// One entry of the audit log. Nothing changes or removes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// Its place: 1, 2, 3 …
    pub id: u64,
    /// When.
    pub at: Timestamp,
    /// Who did it; nobody if it was done on the host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<User>,
    /// What: one of the actions of a notice, `delete_message`, `close_report`, `create_user`, `delete_account`, `reset_password`,
    /// `end_sessions`, `end_guests`, `invite` or `revoke_invite`.
    pub action: String,
    /// To whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<User>,
    /// In which room; everywhere if missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation: Option<ConversationId>,
    /// When it ends by itself, if ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// What else there is to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
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
