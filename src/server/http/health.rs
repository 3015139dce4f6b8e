//! For whoever watches over the server.

use std::sync::Arc;

use axum::{Router, extract::State, http::StatusCode, routing::get};

use super::{super::App, ApiError};
use crate::protocol::ErrorCode;

pub(super) const ALIVE: &str = "/healthz";
pub(super) const READY: &str = "/readyz";

pub(super) fn router() -> Router<Arc<App>> {
    Router::new().route(ALIVE, get(async || "alive\n")).route(READY, get(readyz))
}

/// Whether the store can be read, and its writer lives.
async fn readyz(State(app): State<Arc<App>>) -> Result<&'static str, ApiError> {
    app.chat.check().await.map_err(|error| {
        ApiError::new(StatusCode::SERVICE_UNAVAILABLE, ErrorCode::StorageUnavailable, error.to_string())
    })?;
    Ok("ready\n")
}
