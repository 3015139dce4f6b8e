//! `/api/sessions`: where the user is signed in.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Path, State, rejection::PathRejection},
    http::StatusCode,
    routing::{delete, get},
};

use crate::{
    domain::SessionId,
    protocol::SessionList,
    server::{error::ChatError, http::extract::Caller, problem::ApiError, state::AppState},
};

pub(super) fn router() -> Router<Arc<AppState>> {
    Router::new().route("/sessions", get(list)).route("/sessions/{id}", delete(end))
}

async fn list(State(app): State<Arc<AppState>>, caller: Caller) -> Result<Json<SessionList>, ApiError> {
    Ok(Json(SessionList { sessions: app.chat.sessions(&caller.session).await? }))
}

/// Ends one of the user's sessions.
async fn end(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    id: Result<Path<SessionId>, PathRejection>,
) -> Result<StatusCode, ApiError> {
    // A malformed id is unknown like any other.
    let Path(id) = id.map_err(|_| ChatError::UnknownSession)?;
    let context = caller.begin_command(&app, 0)?;
    app.chat.end_session_by_id(context, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
