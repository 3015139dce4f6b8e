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
            AdminRequest, missing, typed,
            views::{ActionOutcome, ReportRow, Reports, Screen},
        },
        form::{Fields, bad_form},
    },
    server::{PageError, PagesApi, ReportAction},
};

/// How many reports a page shows: each has some messages.
const SHOWN: u32 = 20;

pub(crate) async fn show(visitor: AdminRequest, uri: Uri) -> Response {
    let done = typed(&uri, "done");
    answer(visitor, StatusCode::OK, |reports| Reports {
        closed: done.as_deref() == Some("close"),
        deleted: done.as_deref() == Some("delete"),
        ..reports
    })
    .await
}

/// Closes a report, or deletes the message that it is about.
pub(crate) async fn act(
    visitor: AdminRequest,
    id: Result<Path<u64>, PathRejection>,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let asked = Fields::read(body).and_then(|fields| {
        let action = fields.text("action").unwrap_or_default();
        let up_to = fields.text("up_to").and_then(|up_to| up_to.parse().ok());
        match (action.as_str(), up_to) {
            ("close", Some(up_to)) => Ok((action, ReportAction::Close { up_to })),
            ("delete", _) => Ok((action, ReportAction::DeleteMessage)),
            _ => Err(bad_form()),
        }
    });
    let done = match (id, asked) {
        (Ok(Path(id)), Ok((name, action))) => visitor.house.handle_report(&visitor.me, id, action).await.map(|()| name),
        (Err(_), _) => Err(missing()),
        (_, Err(refused)) => Err(refused),
    };
    match done {
        Ok(name) => Redirect::to(&format!("/admin/reports?done={name}")).into_response(),
        Err(PageError { status, code }) => {
            let outcome = Some(ActionOutcome::Refused(code));
            answer(visitor, status, |reports| Reports { outcome, ..reports }).await
        }
    }
}

/// The page, with what has just happened.
async fn answer(visitor: AdminRequest, status: StatusCode, news: impl FnOnce(Reports) -> Reports) -> Response {
    match visitor.house.reports(&visitor.me, SHOWN).await {
        Ok(ReportList { reports, open }) => {
            let newest = reports.iter().map(|report| report.id).max().unwrap_or_default();
            let me = &visitor.me;
            let listed = reports.into_iter().map(|report| {
                let may_handle =
                    report.reported().is_some_and(|message| PagesApi::may_handle_reports_of(me, &message.author));
                ReportRow { report, may_handle }
            });
            let reports =
                Reports { listed: listed.collect(), open, newest, closed: false, deleted: false, outcome: None };
            visitor.render(status, Screen::Reports(news(reports))).await
        }
        Err(refused) => visitor.close(refused).await,
    }
}
