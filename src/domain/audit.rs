//! The audit log: who used the permissions of moderators, owners and the operator.

use serde::{Deserialize, Serialize};

use super::{
    ids::{ConversationId, Timestamp},
    user::User,
};

/// Consecutive entries of the audit log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditPage {
    /// The entries, newest first.
    pub entries: Vec<AuditEntry>,
    /// Whether there are older entries.
    pub more: bool,
}

/// One entry of the audit log. Entries are never changed or removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// Its position in the audit log: 1, 2, 3 …
    pub id: u64,
    /// When it happened.
    pub at: Timestamp,
    /// Who did it; `None` if it was the operator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<User>,
    /// What was done: the name of an [`Action`](super::Action), `delete_message`, `close_report`, `create_user`,
    /// `delete_account`, `reset_password`, `end_sessions`, `end_guests`, `invite` or `revoke_invite`.
    pub action: String,
    /// The user it was done to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<User>,
    /// The room it applies to; `None` for the whole server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation: Option<ConversationId>,
    /// When it ends by itself, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Further details; their meaning depends on the action.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}
