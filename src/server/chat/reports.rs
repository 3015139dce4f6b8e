//! Reports: users report messages, and moderators handle the reports.

use std::time::Duration;

use crate::{
    domain::{ClientAddr, CurrentUser, Reason, ReportList, Role, User},
    protocol::ReportRequest,
    server::{
        chat::{command_context::CommandContext, security_log::SecurityEvent, service::ChatService, times::ago},
        error::ChatError,
        rules::{ExpireReports, HandleReport, Permission, Refusal, ReportAction, ReportMessage},
        store::StoreError,
    },
};

/// How many open reports a user may have: moderators can only handle so many.
const MAX_OPEN_REPORTS: u32 = 20;

/// How long an open report, and its copies of messages, are kept.
const REPORT_LIFETIME: Duration = Duration::from_hours(90 * 24);

/// Whether a user of role `actor` may handle reports of messages by a user of role `author`.
pub(in crate::server) fn may_handle_reports_of(actor: Role, author: Role) -> bool {
    Permission::HandleReports.role_check()(actor, author)
}

impl ChatService {
    /// Reports a message that the user can read to the moderators. Has a rate limit of its own, stricter than that of
    /// commands.
    pub(in crate::server) async fn report_message(
        &self,
        me: &CurrentUser,
        client_addr: ClientAddr,
        request: &ReportRequest,
    ) -> Result<(), ChatError> {
        self.security_log.log_refusal(client_addr, self.rate_limits.charge_report(me.id, client_addr))?;
        let ReportRequest { conversation, seq, ref reason } = *request;
        let reason = Reason::parse(reason)?;
        let report = ReportMessage { reporter: me.id, conversation, seq, reason, max_open: MAX_OPEN_REPORTS };
        Ok(self.store.execute(report).await?)
    }

    /// Returns at most `limit` open reports, without those of the moderator's own messages.
    ///
    /// # Errors
    /// [`ChatError::NotAllowed`].
    pub(in crate::server) async fn reports(&self, me: &CurrentUser, limit: u32) -> Result<ReportList, ChatError> {
        self.require(Permission::SeeReports, me)?;
        Ok(self.store.reports(Some(me.id), limit).await?)
    }

    /// Returns how many open reports a user may see: 0 without the permission.
    pub(in crate::server) async fn count_reports(&self, me: &CurrentUser) -> Result<u64, ChatError> {
        if Permission::SeeReports.granted_to(me.role) { Ok(self.store.count_reports(me.id).await?) } else { Ok(0) }
    }

    /// Closes a report, or deletes the reported message.
    pub(in crate::server) async fn handle_report(
        &self,
        context: CommandContext,
        report: u64,
        action: ReportAction,
    ) -> Result<(), ChatError> {
        let actor = context.user.id;
        let result = self.handle_report_by(Some(context.user), report, action).await;
        if result == Err(StoreError::Refused(Refusal::NotAllowed)) {
            self.log_security_event(None, SecurityEvent::NotAllowed(actor));
        }
        Ok(result?)
    }

    /// Handles a report. Without an actor it is the operator's action.
    pub(super) async fn handle_report_by(
        &self,
        actor: Option<User>,
        report: u64,
        action: ReportAction,
    ) -> Result<(), StoreError> {
        self.store.execute(HandleReport { actor, report, action }).await
    }

    /// Deletes reports that nobody has closed in time.
    pub(super) async fn expire_reports(&self) -> Result<(), ChatError> {
        Ok(self.store.execute(ExpireReports(ago(REPORT_LIFETIME))).await?)
    }
}
