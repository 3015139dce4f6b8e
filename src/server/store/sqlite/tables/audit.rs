//! The table `audit`: who moderated what, and when.

use rusqlite::{Connection, params};

use crate::{
    domain::{ConversationId, Timestamp, UserId},
    server::store::error::StoreError,
};

/// An entry of the audit log. The time is added when it is inserted.
#[derive(Debug, Default)]
pub(crate) struct AuditRow {
    /// Who acted. `None`: the operator, on the command line.
    pub(crate) actor: Option<UserId>,
    /// The name of the action, as the admin pages know it.
    pub(crate) action: &'static str,
    /// The user acted upon.
    pub(crate) subject: Option<UserId>,
    /// The conversation it happened in. `None`: it concerns the whole server.
    pub(crate) conversation: Option<ConversationId>,
    /// When the sanction or invite ends by itself, by the machine's clock, because people read it.
    pub(crate) until: Option<Timestamp>,
    /// What else identifies the action: a role, a `seq`, an invite id, a network, a count.
    pub(crate) detail: Option<String>,
}

impl AuditRow {
    pub(crate) fn insert(&self, db: &Connection) -> Result<(), StoreError> {
        db.prepare_cached(
            "INSERT INTO audit (at, actor, action, subject, conversation, until, detail)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            Timestamp::now(),
            self.actor,
            self.action,
            self.subject,
            self.conversation,
            self.until,
            self.detail
        ])?;
        Ok(())
    }
}
