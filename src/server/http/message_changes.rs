//! `/api/conversations/{id}`: `/pins`, `/changes`, and `/messages/{seq}/history`.

use std::sync::Arc;

use axum::{
    Router,
    extract::{
        Path, Query, State,
        rejection::{PathRejection, QueryRejection},
    },
    response::Response,
    routing::get,
};
use serde::Deserialize;

use crate::{
    domain::{ConversationId, Seq},
    server::{
        error::ChatError,
        http::{extract::Caller, respond::metered_json},
        problem::ApiError,
        state::AppState,
    },
};

const DEFAULT_LIMIT: u32 = 100;
const MAX_LIMIT: u32 = 200;

/// How many bytes of events an answer has at most, unless a single event is longer.
const MAX_BYTES: usize = 256 * 1024;

#[derive(Debug, Deserialize)]
struct ChangesQuery {
    after: Seq,
    limit: Option<u32>,
}

pub(super) fn router() -> Router<Arc<AppState>> {
    Router::new()
        .route("/conversations/{id}/pins", get(pins))
        .route("/conversations/{id}/changes", get(changes))
        .route("/conversations/{id}/messages/{seq}/history", get(history))
}

async fn pins(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    id: Result<Path<ConversationId>, PathRejection>,
) -> Result<Response, ApiError> {
    // A malformed id is unknown like any other.
    let Path(id) = id.map_err(|_| ChatError::UnknownConversation)?;
    metered_json(&app, &caller, app.chat.pinned_messages(caller.session.me.id, id)).await
}

async fn changes(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    id: Result<Path<ConversationId>, PathRejection>,
    query: Result<Query<ChangesQuery>, QueryRejection>,
) -> Result<Response, ApiError> {
    let Query(ChangesQuery { after, limit }) = query.map_err(|error| ApiError::bad_request(error.body_text()))?;
    let limit = limit.unwrap_or(DEFAULT_LIMIT).clamp(1, MAX_LIMIT);
    let Path(id) = id.map_err(|_| ChatError::UnknownConversation)?;
    metered_json(&app, &caller, app.chat.changes(caller.session.me.id, id, after, limit, MAX_BYTES)).await
}

async fn history(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    path: Result<Path<(ConversationId, Seq)>, PathRejection>,
) -> Result<Response, ApiError> {
    let Path((id, seq)) = path.map_err(|_| ChatError::UnknownConversation)?;
    metered_json(&app, &caller, app.chat.message_history(caller.session.me.id, id, seq)).await
}
