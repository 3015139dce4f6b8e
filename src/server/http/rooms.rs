//! `/api/rooms`: the directory; and `/api/conversations/{id}/members`.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{
        Path, Query, State,
        rejection::{PathRejection, QueryRejection},
    },
    response::Response,
    routing::get,
};
use serde::Deserialize;

use crate::{
    domain::{ConversationId, DirectoryRoom},
    server::{
        error::ChatError,
        http::{extract::Caller, respond::metered_json},
        problem::ApiError,
        state::AppState,
        store::DirectoryQuery,
    },
};

/// The default and the maximum number of rooms or members in an answer.
const MAX_LIMIT: u32 = 100;

/// The longest text that is searched for, in characters.
const MAX_SEARCH: usize = 100;

#[derive(Debug, Deserialize)]
struct RoomsQuery {
    /// What the name or the topic contains.
    #[serde(default)]
    q: String,
    /// Whether to list archived rooms.
    #[serde(default)]
    archived: bool,
    /// A place in the list, as an earlier answer gave it.
    after: Option<String>,
    limit: Option<u32>,
}

#[derive(Debug, Deserialize)]
struct MembersQuery {
    /// A place in the list, as an earlier answer gave it.
    after: Option<String>,
    limit: Option<u32>,
}

pub(super) fn router() -> Router<Arc<AppState>> {
    Router::new()
        .route("/rooms", get(directory))
        .route("/rooms/{id}", get(room))
        .route("/conversations/{id}/members", get(members))
}

async fn directory(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    query: Result<Query<RoomsQuery>, QueryRejection>,
) -> Result<Response, ApiError> {
    let Query(RoomsQuery { q, archived, after, limit }) =
        query.map_err(|error| ApiError::bad_request(error.body_text()))?;
    let query = DirectoryQuery {
        search: q.chars().take(MAX_SEARCH).collect(),
        archived,
        after: cursor(after.as_deref())?,
        limit: limit.unwrap_or(MAX_LIMIT).clamp(1, MAX_LIMIT),
    };
    metered_json(&app, &caller, app.chat.directory(&caller.session.me, query)).await
}

async fn room(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    id: Result<Path<ConversationId>, PathRejection>,
) -> Result<Json<DirectoryRoom>, ApiError> {
    Ok(Json(app.chat.directory_room(caller.session.me.id, known_room(id)?).await?))
}

async fn members(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    id: Result<Path<ConversationId>, PathRejection>,
    query: Result<Query<MembersQuery>, QueryRejection>,
) -> Result<Response, ApiError> {
    let Query(MembersQuery { after, limit }) = query.map_err(|error| ApiError::bad_request(error.body_text()))?;
    let (room, after) = (known_room(id)?, cursor(after.as_deref())?);
    let limit = limit.unwrap_or(MAX_LIMIT).clamp(1, MAX_LIMIT);
    metered_json(&app, &caller, app.chat.members(caller.session.me.id, room, after, limit)).await
}

fn cursor<T: std::str::FromStr>(after: Option<&str>) -> Result<Option<T>, ApiError> {
    let parsed = after.map(str::parse).transpose();
    parsed.map_err(|_| ApiError::bad_request("after is what an earlier answer gave as after"))
}

/// A malformed id is unknown like any other.
fn known_room(id: Result<Path<ConversationId>, PathRejection>) -> Result<ConversationId, ChatError> {
    id.map(|Path(id)| id).map_err(|_| ChatError::UnknownConversation)
}
