//! `GET /api/conversations/{id}/messages`: a page of a conversation's messages, or single ones.

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

/// How many single messages can be asked for.
const MAX_SEQS: usize = 50;

/// How many bytes of text a page has at most, unless a single message is longer: the page is in memory until the client has
/// received all of it.
pub(super) const MAX_TEXT_BYTES: usize = 256 * 1024;

/// The name of the Lobby, for clients that do not know its id yet.
const LOBBY: &str = "lobby";

#[derive(Debug, Deserialize)]
struct MessagesQuery {
    before: Option<Seq>,
    after: Option<Seq>,
    limit: Option<u32>,
    /// The seqs of single messages, separated by commas.
    seqs: Option<String>,
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
    let Query(MessagesQuery { before, after, limit, seqs }) =
        query.map_err(|error| ApiError::bad_request(error.body_text()))?;
    let conversation = known_conversation(&app, id)?;
    let reader = caller.session.me.id;
    if let Some(seqs) = seqs {
        if before.is_some() || after.is_some() || limit.is_some() {
            return Err(ApiError::bad_request("seqs excludes before, after and limit"));
        }
        let seqs = single_seqs(&seqs)?;
        return metered_json(&app, &caller, app.chat.messages_at(reader, conversation, seqs, MAX_TEXT_BYTES)).await;
    }
    let window = history_window(before, after)?;
    let limit = limit.unwrap_or(DEFAULT_LIMIT).clamp(1, MAX_LIMIT);
    metered_json(&app, &caller, app.chat.messages(reader, conversation, window, limit, MAX_TEXT_BYTES)).await
}

/// Which part of a history `before` and `after` mean.
pub(super) fn history_window(before: Option<Seq>, after: Option<Seq>) -> Result<HistoryWindow, ApiError> {
    match (before, after) {
        (None, None) => Ok(HistoryWindow::Newest),
        (Some(seq), None) => Ok(HistoryWindow::Before(seq)),
        (None, Some(seq)) => Ok(HistoryWindow::After(seq)),
        (Some(_), Some(_)) => Err(ApiError::bad_request("before and after exclude each other")),
    }
}

fn known_conversation(app: &AppState, id: Result<Path<String>, PathRejection>) -> Result<ConversationId, ChatError> {
    // A malformed id is unknown like any other.
    let Path(id) = id.map_err(|_| ChatError::UnknownConversation)?;
    if id == LOBBY { Ok(app.chat.lobby()) } else { id.parse().map_err(|_| ChatError::UnknownConversation) }
}

fn single_seqs(text: &str) -> Result<Vec<Seq>, ApiError> {
    // SQL's integers end at 2^63 - 1.
    let number = |text: &str| text.parse::<i64>().ok().and_then(|number| u64::try_from(number).ok());
    let seqs: Option<Vec<Seq>> = text.split(',').take(MAX_SEQS + 1).map(|text| number(text).map(Seq)).collect();
    seqs.filter(|seqs| seqs.len() <= MAX_SEQS)
        .ok_or_else(|| ApiError::bad_request("seqs are up to 50 numbers, separated by commas"))
}
