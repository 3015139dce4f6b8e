//! `/admin/audit`: the audit log.

use axum::{
    http::{StatusCode, Uri},
    response::Response,
};

use crate::{
    domain::AuditPage,
    pages::admin::{
        request::{AdminRequest, query_value},
        views::{admin_page::AdminPage, audit::AuditLogPage},
    },
};

/// How many entries a page shows.
const MAX_ENTRIES: u32 = 50;

pub(super) async fn show(request: AdminRequest, uri: Uri) -> Response {
    let before = query_value(&uri, "before").and_then(|before| before.parse().ok());
    match request.api.audit_page(&request.me, before, MAX_ENTRIES).await {
        Ok(AuditPage { entries, more }) => {
            let page = AuditLogPage { entries, has_older: more, has_newer: before.is_some() };
            request.render(StatusCode::OK, AdminPage::Audit(page)).await
        }
        Err(error) => request.render_error(error).await,
    }
}
