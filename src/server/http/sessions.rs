//! `/api/sessions`: where one is signed in.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Path, State, rejection::PathRejection},
    http::StatusCode,
    routing::{delete, get},
};

use crate::{
    domain::SessionId,
    protocol::{CloseCode, SessionList},
    server::{error::ChatError, http::extract::Caller, problem::ApiError, state::AppState},
};

pub(super) fn router() -> Router<Arc<AppState>> {
    Router::new().route("/sessions", get(list)).route("/sessions/{id}", delete(end))
}

async fn list(State(app): State<Arc<AppState>>, caller: Caller) -> Result<Json<SessionList>, ApiError> {
    Ok(Json(SessionList { sessions: app.chat.sessions(&caller.session).await? }))
}

/// Ends a session of the user's, and its connections with it.
async fn end(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    id: Result<Path<SessionId>, PathRejection>,
) -> Result<StatusCode, ApiError> {
    // What is no id names no session.
    let Path(id) = id.map_err(|_| ChatError::UnknownSession)?;
    let ended = app.chat.end_session_of(caller.session.me.id, id).await?;
    app.hub.close_session(ended.user, ended.session, CloseCode::SessionEnded);
    Ok(StatusCode::NO_CONTENT)
}
