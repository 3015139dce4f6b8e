//! `/admin/reports`: messages that users have reported.

use axum::{
    body::Bytes,
    extract::{
        Path,
        rejection::{BytesRejection, PathRejection},
    },
    http::{StatusCode, Uri},
    response::{IntoResponse as _, Redirect, Response},
};

use crate::{
    domain::ReportList,
    pages::{
        admin::{
            request::{AdminRequest, not_found, query_value},
            views::{
                admin_page::AdminPage,
                outcome::ActionOutcome,
                reports::{ReportRow, ReportsPage},
            },
        },
        form::{Fields, bad_form},
    },
    server::{PageError, PagesApi, ReportAction},
};

/// How many reports the page lists. Each comes with several messages.
const MAX_LISTED: u32 = 20;

pub(super) async fn show(request: AdminRequest, uri: Uri) -> Response {
    let done = query_value(&uri, "done");
    respond(request, StatusCode::OK, |page| ReportsPage {
        closed: done.as_deref() == Some("close"),
        deleted: done.as_deref() == Some("delete"),
        ..page
    })
    .await
}

/// Closes a report, or deletes the reported message.
pub(super) async fn handle(
    request: AdminRequest,
    id: Result<Path<u64>, PathRejection>,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let submitted = Fields::read(body).and_then(|fields| {
        let action = fields.text("action").unwrap_or_default();
        let up_to = fields.text("up_to").and_then(|up_to| up_to.parse().ok());
        match (action.as_str(), up_to) {
            ("close", Some(up_to)) => Ok((action, ReportAction::Close { up_to })),
            ("delete", _) => Ok((action, ReportAction::DeleteMessage)),
            _ => Err(bad_form()),
        }
    });
    let result = match (id, submitted) {
        (Ok(Path(id)), Ok((name, action))) => {
            request.api.handle_report(&request.me, request.client_addr, id, action).await.map(|()| name)
        }
        (Err(_), _) => Err(not_found()),
        (_, Err(error)) => Err(error),
    };
    match result {
        Ok(name) => Redirect::to(&format!("/admin/reports?done={name}")).into_response(),
        Err(PageError { status, code }) => {
            let outcome = Some(ActionOutcome::Refused(code));
            respond(request, status, |page| ReportsPage { outcome, ..page }).await
        }
    }
}

/// Renders the page; `with_outcome` adds the result of the last action.
async fn respond(
    request: AdminRequest,
    status: StatusCode,
    with_outcome: impl FnOnce(ReportsPage) -> ReportsPage,
) -> Response {
    match request.api.reports(&request.me, MAX_LISTED).await {
        Ok(ReportList { reports, open }) => {
            let newest = reports.iter().map(|report| report.id).max().unwrap_or_default();
            let me = &request.me;
            let listed = reports.into_iter().map(|report| {
                let may_handle =
                    report.reported().is_some_and(|message| PagesApi::may_handle_reports_of(me, &message.author));
                ReportRow { report, may_handle }
            });
            let listed = listed.collect();
            let page = ReportsPage { listed, open, newest, closed: false, deleted: false, outcome: None };
            request.render(status, AdminPage::Reports(with_outcome(page))).await
        }
        Err(error) => request.render_error(error).await,
    }
}
