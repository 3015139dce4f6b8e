//! `/admin/audit`: what was done.

use axum::{
    http::{StatusCode, Uri},
    response::Response,
};

use crate::{
    domain::AuditPage,
    pages::admin::{
        AdminRequest, typed,
        views::{Audit, Screen},
    },
};

/// How many entries a page shows.
const ENTRIES: u32 = 50;

pub(crate) async fn show(visitor: AdminRequest, uri: Uri) -> Response {
    let before = typed(&uri, "before").and_then(|before| before.parse().ok());
    match visitor.house.audit(&visitor.me, before, ENTRIES).await {
        Ok(AuditPage { entries, more }) => {
            visitor.render(StatusCode::OK, Screen::Audit(Audit { entries, more, is_older: before.is_some() })).await
        }
        Err(refused) => visitor.close(refused).await,
    }
}
