//! The content of an admin page, and who reads it.

use crate::{
    domain::CurrentUser,
    pages::admin::views::{
        audit::AuditLogPage, invites::InvitesPage, reports::ReportsPage, user::UserPage, users::UsersPage,
    },
    protocol::ErrorCode,
    ui::{Language, Theme},
};

/// The reader of an admin page.
#[derive(Clone, Debug)]
pub(in crate::pages::admin) struct AdminViewer {
    pub(in crate::pages::admin) me: CurrentUser,
    pub(in crate::pages::admin) language: Language,
    pub(in crate::pages::admin) theme: Theme,
    /// How many open reports the reader may handle; shown beside the link to them.
    pub(in crate::pages::admin) open_reports: u64,
}

/// An admin page with its data.
#[derive(Clone, Debug)]
pub(in crate::pages::admin) enum AdminPage {
    Users(UsersPage),
    User(Box<UserPage>),
    Reports(ReportsPage),
    Invites(InvitesPage),
    Audit(AuditLogPage),
    /// Says why there is nothing to see.
    Error(ErrorCode),
}
