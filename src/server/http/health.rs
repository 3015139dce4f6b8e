//! `GET /healthz` and `GET /readyz`, for monitoring.

use std::{sync::Arc, time::Duration};

use axum::{Router, extract::State, http::StatusCode, routing::get};
use tokio::time::timeout;

use crate::{
    protocol::ErrorCode,
    server::{
        http::paths::{HEALTHZ, READYZ},
        problem::ApiError,
        state::AppState,
    },
};

/// How long a check's result is used. These requests are free of charge, so repeating them must cost nothing.
const MAX_AGE: Duration = Duration::from_secs(1);

/// A store that takes longer is not reachable, for whoever waits for it.
const CHECK_TIMEOUT: Duration = Duration::from_secs(3);

pub(super) fn router() -> Router<Arc<AppState>> {
    Router::new().route(HEALTHZ, get(async || "alive\n")).route(READYZ, get(readyz))
}

/// Answers 200 if the store can be read and its writer runs, otherwise 503. A load balancer sends nobody to a node that answers
/// 503.
async fn readyz(State(app): State<Arc<AppState>>) -> Result<&'static str, ApiError> {
    let check = async || match timeout(CHECK_TIMEOUT, app.chat.check_health()).await {
        Ok(health) => health.map_err(|error| error.to_string()),
        Err(_elapsed) => Err("the store does not answer".to_owned()),
    };
    app.readiness
        .get(MAX_AGE, check)
        .await
        .map_err(|problem| ApiError::new(StatusCode::SERVICE_UNAVAILABLE, ErrorCode::StorageUnavailable, problem))?;
    Ok("ready\n")
}
