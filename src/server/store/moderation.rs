//! Reading what moderators, owners and the operator see. Times are shown times.

use async_trait::async_trait;

use crate::{
    domain::{AuditPage, Invite, ReportList, Sanction, UserId},
    server::{rules::BannedNetwork, store::error::StoreError},
};

/// Reading sanctions, invites, reports and the audit log.
#[async_trait]
pub(crate) trait ModerationRecords: Send + Sync {
    /// Mutes and bans in force, sorted by nickname.
    async fn sanctions(&self) -> Result<Vec<Sanction>, StoreError>;

    /// Network bans in force, sorted by their text.
    async fn banned_networks(&self) -> Result<Vec<BannedNetwork>, StoreError>;

    /// All valid invites, the newest first.
    async fn invites(&self) -> Result<Vec<Invite>, StoreError>;

    /// At most `limit` open reports, the oldest first, without those about messages of `reader`.
    async fn reports(&self, reader: Option<UserId>, limit: u32) -> Result<ReportList, StoreError>;

    /// How many reports are open, without those about messages of `reader`.
    async fn count_reports(&self, reader: UserId) -> Result<u64, StoreError>;

    /// At most `limit` entries of the audit log before the entry `before`, the newest first.
    async fn audit_page(&self, before: Option<u64>, limit: u32) -> Result<AuditPage, StoreError>;
}
