//! `GET /api/conversations`: what one is in.

use std::sync::Arc;

use axum::{Json, Router, extract::State, routing::get};

use crate::protocol::ConversationList;

use super::{super::App, ApiError, Caller};

pub(super) fn router() -> Router<Arc<App>> {
    Router::new().route("/conversations", get(list))
}

async fn list(State(app): State<Arc<App>>, Caller(session): Caller) -> Result<Json<ConversationList>, ApiError> {
    Ok(Json(ConversationList { conversations: app.chat.conversations(session.me.id, session.id).await? }))
}
