//! `GET /api/conversations/{id}/messages`: a page of a conversation's messages.

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
        store::HistoryWindow,
    },
};

const DEFAULT_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 200;

/// How many bytes of text a page has at most, unless a single message is longer: the page is in memory until the client has
/// received all of it.
const MAX_TEXT_BYTES: usize = 256 * 1024;

/// The name of the Lobby, for clients that do not know its id yet.
const LOBBY: &str = "lobby";

#[derive(Debug, Deserialize)]
struct MessagesQuery {
    before: Option<Seq>,
    after: Option<Seq>,
    limit: Option<u32>,
}

pub(super) fn router() -> Router<Arc<AppState>> {
    Router::new().route("/conversations/{id}/messages", get(page))
}

async fn page(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    id: Result<Path<String>, PathRejection>,
    query: Result<Query<MessagesQuery>, QueryRejection>,
) -> Result<Response, ApiError> {
    let Query(MessagesQuery { before, after, limit }) =
        query.map_err(|error| ApiError::bad_request(error.body_text()))?;
    let window = match (before, after) {
        (None, None) => HistoryWindow::Newest,
        (Some(seq), None) => HistoryWindow::Before(seq),
        (None, Some(seq)) => HistoryWindow::After(seq),
        (Some(_), Some(_)) => return Err(ApiError::bad_request("before and after exclude each other")),
    };
    let limit = limit.unwrap_or(DEFAULT_LIMIT).clamp(1, MAX_LIMIT);
    // A malformed id is unknown like any other.
    let Path(id) = id.map_err(|_| ChatError::UnknownConversation)?;
    let conversation = if id == LOBBY {
        app.chat.lobby()
    } else {
        id.parse::<ConversationId>().map_err(|_| ChatError::UnknownConversation)?
    };
    let reader = caller.session.me.id;
    metered_json(&app, &caller, app.chat.messages(reader, conversation, window, limit, MAX_TEXT_BYTES)).await
}
