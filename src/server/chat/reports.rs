//! Users tell moderators of messages, and moderators deal with that.

use crate::{
    domain::{CurrentUser, Reason, ReportList, Role, User},
    protocol::ReportRequest,
    server::{
        chat::{permissions::Permission, security_log::SecurityEvent, service::ChatService, sessions::ago},
        error::ChatError,
        net::client_addr::ClientAddr,
        store::{HandleReport, NewReport, ReportAction, StoreError},
    },
};

/// How many reports of one user may be open: what moderators can look at is bounded, too.
const MOST_OPEN: u32 = 20;

/// After so long a report is forgotten, with what it keeps of the messages, in milliseconds: 90 days.
const REPORTS_LAST: u64 = 90 * 24 * 60 * 60 * 1_000;

/// Whether somebody of the first role may close reports of what somebody of the second wrote.
pub(crate) fn may_handle_reports_of(actor: Role, author: Role) -> bool {
    Permission::HandleReports.rule()(actor, author)
}

impl ChatService {
    /// Tells the moderators of a message that the user can read.
    pub(crate) async fn report(
        &self,
        me: &CurrentUser,
        peer: ClientAddr,
        request: &ReportRequest,
    ) -> Result<(), ChatError> {
        self.incidents.watch(peer, self.rates.report(me.id, peer))?;
        let ReportRequest { conversation, seq, ref reason } = *request;
        let reason = Reason::parse(reason)?;
        let report = NewReport { reporter: me.id, conversation, seq, reason, max_open: MOST_OPEN };
        Ok(self.store.report_message(report).await?)
    }

    /// At most `limit` open reports, for those who can do something about them; none about what they wrote themselves.
    pub(crate) async fn reports(&self, me: &CurrentUser, limit: u32) -> Result<ReportList, ChatError> {
        self.demand(Permission::SeeReports, me)?;
        Ok(self.store.reports(Some(me.id), limit).await?)
    }

    /// How many reports wait for this user; none do for those who may not see them.
    pub(crate) async fn count_reports(&self, me: &CurrentUser) -> Result<u64, ChatError> {
        if Permission::SeeReports.is_of(me.role) { Ok(self.store.count_reports(me.id).await?) } else { Ok(0) }
    }

    /// Does something about a report, for a user or, without one, on the host.
    pub(crate) async fn handle_report(
        &self,
        actor: Option<User>,
        report: u64,
        action: ReportAction,
    ) -> Result<(), ChatError> {
        let asks = actor.as_ref().map(|actor| actor.id);
        let handling = HandleReport { actor, report, action, role_check: Permission::HandleReports.rule() };
        let handled = self.store.handle_report(handling).await;
        if let (Err(StoreError::NotAllowed), Some(user)) = (&handled, asks) {
            self.note(None, SecurityEvent::NotAllowed(user));
        }
        Ok(handled?)
    }

    /// All open reports, for the host.
    pub(crate) async fn all_reports(&self, limit: u32) -> Result<ReportList, StoreError> {
        self.store.reports(None, limit).await
    }

    /// Forgets reports that nobody has closed for too long.
    pub(super) async fn expire_reports(&self) -> Result<(), ChatError> {
        let forgotten = self.store.expire_reports(ago(REPORTS_LAST)).await?;
        if forgotten > 0 {
            tracing::info!(forgotten, "reports that nobody has closed for 90 days are forgotten");
        }
        Ok(())
    }
}
