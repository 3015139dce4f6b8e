//! `/api/blocks`: of whom one wants to hear nothing.

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
    change(&app, caller.session.me.id, user, true).await
}

async fn unblock(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    user: Result<Path<UserId>, PathRejection>,
) -> Result<StatusCode, ApiError> {
    change(&app, caller.session.me.id, user, false).await
}

async fn change(
    app: &AppState,
    me: UserId,
    user: Result<Path<UserId>, PathRejection>,
    on: bool,
) -> Result<StatusCode, ApiError> {
    // What is no id names nobody.
    let Path(user) = user.map_err(|_| ChatError::UnknownUser)?;
    app.chat.block(me, user, on).await?;
    Ok(StatusCode::NO_CONTENT)
}
