//! The audit log grows.

use rusqlite::{Connection, params};

use crate::domain::{ConversationId, Millis, UserId};

use super::super::super::StoreError;

/// What was done, on top of who did it.
#[derive(Debug, Default)]
pub(super) struct Entry {
    /// `None`: done on the host.
    pub(super) actor: Option<UserId>,
    pub(super) action: &'static str,
    pub(super) subject: Option<UserId>,
    pub(super) conversation: Option<ConversationId>,
    pub(super) until: Option<Millis>,
    pub(super) detail: Option<String>,
}

impl Entry {
    pub(super) fn write(&self, db: &Connection) -> Result<(), StoreError> {
        db.prepare_cached(
            "INSERT INTO audit (at, actor, action, subject, conversation, until, detail)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            Millis::now(),
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
