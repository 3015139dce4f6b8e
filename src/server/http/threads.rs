//! `/api/conversations/{id}/threads/{seq}`: a thread; `/api/mentions`: what a user was told of; and
//! `/api/conversations/{id}/completions`: whose nickname the user may be typing.

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
        http::{
            extract::Caller,
            messages::{MAX_TEXT_BYTES, history_window},
            respond::metered_json,
        },
        problem::ApiError,
        state::AppState,
    },
};

/// The default and the maximum number of replies in an answer.
const REPLIES: (u32, u32) = (50, 200);

/// The default and the maximum number of messages that the user was told of.
const MENTIONS: (u32, u32) = (20, 50);

#[derive(Debug, Deserialize)]
struct ThreadQuery {
    before: Option<Seq>,
    after: Option<Seq>,
    limit: Option<u32>,
}

#[derive(Debug, Deserialize)]
struct MentionsQuery {
    /// A place in the list, as an earlier answer gave it.
    before: Option<String>,
    limit: Option<u32>,
}

#[derive(Debug, Deserialize)]
struct CompletionsQuery {
    /// What has been typed of the nickname.
    #[serde(default)]
    q: String,
}

pub(super) fn router() -> Router<Arc<AppState>> {
    Router::new()
        .route("/conversations/{id}/threads/{seq}", get(thread))
        .route("/conversations/{id}/completions", get(completions))
        .route("/mentions", get(mentions))
}

async fn thread(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    place: Result<Path<(ConversationId, Seq)>, PathRejection>,
    query: Result<Query<ThreadQuery>, QueryRejection>,
) -> Result<Response, ApiError> {
    let Query(ThreadQuery { before, after, limit }) =
        query.map_err(|error| ApiError::bad_request(error.body_text()))?;
    // A malformed id is unknown like any other.
    let Path((conversation, thread)) = place.map_err(|_| ChatError::UnknownConversation)?;
    let (default, maximum) = REPLIES;
    let limit = limit.unwrap_or(default).clamp(1, maximum);
    let place = (thread, history_window(before, after)?);
    let reader = caller.session.me.id;
    metered_json(&app, &caller, app.chat.thread(reader, conversation, place, limit, MAX_TEXT_BYTES)).await
}

async fn mentions(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    query: Result<Query<MentionsQuery>, QueryRejection>,
) -> Result<Response, ApiError> {
    let Query(MentionsQuery { before, limit }) = query.map_err(|error| ApiError::bad_request(error.body_text()))?;
    let before = before.map(|place| place.parse()).transpose();
    let before = before.map_err(|()| ApiError::bad_request("before is what an earlier answer gave as older"))?;
    let (default, maximum) = MENTIONS;
    let limit = limit.unwrap_or(default).clamp(1, maximum);
    metered_json(&app, &caller, app.chat.mentions(caller.session.me.id, before, limit, MAX_TEXT_BYTES)).await
}

async fn completions(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    id: Result<Path<ConversationId>, PathRejection>,
    query: Result<Query<CompletionsQuery>, QueryRejection>,
) -> Result<Response, ApiError> {
    let Query(CompletionsQuery { q }) = query.map_err(|error| ApiError::bad_request(error.body_text()))?;
    let Path(conversation) = id.map_err(|_| ChatError::UnknownConversation)?;
    metered_json(&app, &caller, app.chat.completions(&caller.session.me, conversation, &q)).await
}
