//! `/api/conversations`: what one is in, and what one does not want to see there.

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

/// How many directs an answer has, and has at most.
const LARGEST_LIMIT: u32 = 100;

#[derive(Debug, Deserialize)]
struct ConversationsQuery {
    before: Option<String>,
    limit: Option<u32>,
}

pub(super) fn router() -> Router<Arc<AppState>> {
    Router::new().route("/conversations", get(list)).route("/conversations/{id}", get(one).delete(hide))
}

async fn list(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    stretch: Result<Query<ConversationsQuery>, QueryRejection>,
) -> Result<Response, ApiError> {
    let Query(ConversationsQuery { before, limit }) =
        stretch.map_err(|error| ApiError::bad_request(error.body_text()))?;
    let before = before.map(|place| place.parse()).transpose();
    let before = before.map_err(|()| ApiError::bad_request("before is what an earlier answer gave as older"))?;
    let limit = limit.unwrap_or(LARGEST_LIMIT).clamp(1, LARGEST_LIMIT);
    metered_json(&app, &caller, app.chat.conversations(caller.session.me.id, before, limit)).await
}

async fn one(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    id: Result<Path<ConversationId>, PathRejection>,
) -> Result<Json<Conversation>, ApiError> {
    Ok(Json(app.chat.conversation(caller.session.me.id, known(id)?).await?))
}

async fn hide(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    id: Result<Path<ConversationId>, PathRejection>,
) -> Result<StatusCode, ApiError> {
    app.chat.hide(caller.session.me.id, known(id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What is no id names no conversation.
fn known(id: Result<Path<ConversationId>, PathRejection>) -> Result<ConversationId, ChatError> {
    id.map(|Path(id)| id).map_err(|_| ChatError::UnknownConversation)
}
