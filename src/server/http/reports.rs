//! `/api/reports`: users tell moderators of messages; moderators read and close that.

use std::sync::Arc;

use axum::{
    Extension, Json, Router,
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
        App,
        chat::ChatError,
        http::{ApiError, Caller, read_json},
        net::client_addr::ClientAddr,
        store::ReportAction,
    },
};

/// How many reports an answer has: each has some messages.
const MOST: u32 = 20;

pub(super) fn router() -> Router<Arc<App>> {
    Router::new().route("/reports", get(list).post(report)).route("/reports/{id}", delete(close))
}

async fn list(State(app): State<Arc<App>>, Caller(session): Caller) -> Result<Json<ReportList>, ApiError> {
    Ok(Json(app.chat.reports(&session.me, MOST).await?))
}

async fn report(
    State(app): State<Arc<App>>,
    Caller(session): Caller,
    Extension(peer): Extension<ClientAddr>,
    body: Result<Bytes, BytesRejection>,
) -> Result<StatusCode, ApiError> {
    let request: ReportRequest = read_json(body)?;
    app.chat.report(&session.me, peer, &request).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Closes a report, and older ones of the same message.
async fn close(
    State(app): State<Arc<App>>,
    Caller(session): Caller,
    id: Result<Path<u64>, PathRejection>,
) -> Result<StatusCode, ApiError> {
    // What is no number names no report.
    let Path(id) = id.map_err(|_| ChatError::UnknownReport)?;
    app.chat.handle_report(Some(session.me.user()), id, ReportAction::Close { up_to: id }).await?;
    Ok(StatusCode::NO_CONTENT)
}
