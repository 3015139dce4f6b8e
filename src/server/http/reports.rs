//! `/api/reports`: users report messages; moderators read and close the reports.

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Bytes,
    extract::{
        Path, State,
        rejection::{BytesRejection, PathRejection},
    },
    http::StatusCode,
    routing::{delete, get},
};

use crate::{
    domain::ReportList,
    protocol::ReportRequest,
    server::{
        error::ChatError,
        http::extract::{Caller, read_json},
        problem::ApiError,
        rules::ReportAction,
        state::AppState,
    },
};

/// How many reports an answer has at most; each contains several messages.
const MAX_REPORTS: u32 = 20;

pub(super) fn router() -> Router<Arc<AppState>> {
    Router::new().route("/reports", get(list).post(report)).route("/reports/{id}", delete(close))
}

async fn list(State(app): State<Arc<AppState>>, caller: Caller) -> Result<Json<ReportList>, ApiError> {
    Ok(Json(app.chat.reports(&caller.session.me, MAX_REPORTS).await?))
}

async fn report(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    body: Result<Bytes, BytesRejection>,
) -> Result<StatusCode, ApiError> {
    let request: ReportRequest = read_json(body)?;
    app.chat.report_message(&caller.session.me, caller.client_addr, &request).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Closes a report, and older ones of the same message.
async fn close(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    id: Result<Path<u64>, PathRejection>,
) -> Result<StatusCode, ApiError> {
    // A malformed id is unknown like any other.
    let Path(id) = id.map_err(|_| ChatError::UnknownReport)?;
    app.chat.handle_report(caller.begin_command(&app, 0)?, id, ReportAction::Close { up_to: id }).await?;
    Ok(StatusCode::NO_CONTENT)
}
