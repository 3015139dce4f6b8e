//! `/api/conversations`: the user's conversations, and hiding directs.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{
        Path, Query, State,
        rejection::{PathRejection, QueryRejection},
    },
    http::StatusCode,
    response::Response,
    routing::get,
};
use serde::Deserialize;

use crate::{
    domain::{Conversation, ConversationId},
    server::{
        error::ChatError,
        http::{extract::Caller, respond::metered_json},
        problem::ApiError,
        state::AppState,
    },
};

/// The default and the maximum number of directs in an answer.
const MAX_LIMIT: u32 = 100;

#[derive(Debug, Deserialize)]
struct ConversationsQuery {
    /// A place in the list, as an earlier answer gave it.
    before: Option<String>,
    limit: Option<u32>,
}

pub(super) fn router() -> Router<Arc<AppState>> {
    Router::new().route("/conversations", get(list)).route("/conversations/{id}", get(one).delete(hide))
}

async fn list(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    query: Result<Query<ConversationsQuery>, QueryRejection>,
) -> Result<Response, ApiError> {
    let Query(ConversationsQuery { before, limit }) =
        query.map_err(|error| ApiError::bad_request(error.body_text()))?;
    let before = before.map(|place| place.parse()).transpose();
    let before = before.map_err(|()| ApiError::bad_request("before is what an earlier answer gave as older"))?;
    let limit = limit.unwrap_or(MAX_LIMIT).clamp(1, MAX_LIMIT);
    metered_json(&app, &caller, app.chat.conversations(caller.session.me.id, before, limit)).await
}

async fn one(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    id: Result<Path<ConversationId>, PathRejection>,
) -> Result<Json<Conversation>, ApiError> {
    Ok(Json(app.chat.conversation(caller.session.me.id, known_conversation(id)?).await?))
}

async fn hide(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    id: Result<Path<ConversationId>, PathRejection>,
) -> Result<StatusCode, ApiError> {
    let id = known_conversation(id)?;
    app.chat.hide_direct(caller.begin_command(&app, 0)?, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A malformed id is unknown like any other.
fn known_conversation(id: Result<Path<ConversationId>, PathRejection>) -> Result<ConversationId, ChatError> {
    id.map(|Path(id)| id).map_err(|_| ChatError::UnknownConversation)
}
