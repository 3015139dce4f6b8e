//! The audit log grows.

use rusqlite::{Connection, params};

use crate::{
    domain::{ConversationId, Timestamp, UserId},
    server::store::error::StoreError,
};

/// What was done, on top of who did it.
#[derive(Debug, Default)]
pub(crate) struct AuditRow {
    /// `None`: done on the host.
    pub(crate) actor: Option<UserId>,
    pub(crate) action: &'static str,
    pub(crate) subject: Option<UserId>,
    pub(crate) conversation: Option<ConversationId>,
    pub(crate) until: Option<Timestamp>,
    pub(crate) detail: Option<String>,
}

impl AuditRow {
    pub(crate) fn write(&self, db: &Connection) -> Result<(), StoreError> {
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
