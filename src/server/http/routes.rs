//! The routes of the HTTP API.

use std::sync::Arc;

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request},
    http::{HeaderValue, StatusCode, header},
    middleware::{Next, from_fn},
    response::Response,
};

use crate::{
    protocol::ErrorCode,
    server::{
        http::{
            audit, blocks, conversations, health, invites, me, message_changes, messages, reports, rooms, security_txt,
            session, sessions, threads,
        },
        net::{public_url::PublicUrl, security_contact::SecurityContact},
        problem::ApiError,
        state::AppState,
    },
};

/// Larger than any request body of the API needs to be.
const MAX_BODY_BYTES: usize = 16 * 1024;

/// Serves `/api`, `/healthz`, `/readyz` and, if there is a contact, `/.well-known/security.txt`.
pub(in crate::server) fn router(
    contact: Option<SecurityContact>,
    public_url: Option<PublicUrl>,
) -> Router<Arc<AppState>> {
    let api = Router::new()
        .merge(session::router())
        .merge(sessions::router())
        .merge(me::router())
        .merge(blocks::router())
        .merge(conversations::router())
        .merge(audit::router())
        .merge(invites::router())
        .merge(messages::router())
        .merge(message_changes::router())
        .merge(reports::router())
        .merge(rooms::router())
        .merge(threads::router())
        .fallback(async || ApiError::not_found())
        .method_not_allowed_fallback(async || {
            ApiError::new(StatusCode::METHOD_NOT_ALLOWED, ErrorCode::NotFound, "this cannot be done here".into())
        })
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(from_fn(forbid_storing));
    Router::new().nest("/api", api).merge(health::router()).merge(security_txt::router(contact, public_url))
}

/// Keeps caches from storing answers: each is for one user and one moment.
async fn forbid_storing(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
