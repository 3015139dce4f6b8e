//! `/api/blocks`: the users whom the user has blocked.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Path, State, rejection::PathRejection},
    http::StatusCode,
    routing::{get, put},
};

use crate::{
    domain::UserId,
    protocol::BlockList,
    server::{error::ChatError, http::extract::Caller, problem::ApiError, state::AppState},
};

pub(super) fn router() -> Router<Arc<AppState>> {
    Router::new().route("/blocks", get(list)).route("/blocks/{user}", put(block).delete(unblock))
}

async fn list(State(app): State<Arc<AppState>>, caller: Caller) -> Result<Json<BlockList>, ApiError> {
    Ok(Json(BlockList { blocks: app.chat.blocks(caller.session.me.id).await? }))
}

async fn block(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    user: Result<Path<UserId>, PathRejection>,
) -> Result<StatusCode, ApiError> {
    let user = known_user(user)?;
    app.chat.block(caller.begin_command(&app, 0)?, user).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn unblock(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    user: Result<Path<UserId>, PathRejection>,
) -> Result<StatusCode, ApiError> {
    let user = known_user(user)?;
    app.chat.unblock(caller.begin_command(&app, 0)?, user).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A malformed id is unknown like any other.
fn known_user(user: Result<Path<UserId>, PathRejection>) -> Result<UserId, ChatError> {
    user.map(|Path(user)| user).map_err(|_| ChatError::UnknownUser)
}
