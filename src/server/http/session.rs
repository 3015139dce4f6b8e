//! `/api/session`: signing in and out.

use std::sync::Arc;

use axum::{
    Extension, Json, Router,
    body::Bytes,
    extract::{State, rejection::BytesRejection},
    http::{HeaderMap, StatusCode},
    response::IntoResponse,
    routing::post,
};

use crate::{
    domain::ClientAddr,
    protocol::{SessionCreated, SessionRequest},
    server::{
        http::{extract::read_json, respond::set_cookies},
        net::{session_cookie::RequestToken, site::Site},
        problem::ApiError,
        sign_in::{SignInRequest, SignedIn, sign_in},
        state::AppState,
    },
};

pub(super) fn router() -> Router<Arc<AppState>> {
    Router::new().route("/session", post(create).delete(end))
}

/// Signs in: as a new guest, or with a password.
async fn create(
    State(app): State<Arc<AppState>>,
    Extension(client_addr): Extension<ClientAddr>,
    Extension(site): Extension<Site>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<impl IntoResponse, ApiError> {
    let SessionRequest { nickname, password, invite, claim } = read_json(body)?;
    let request = SignInRequest { nickname, password, invite, claim };
    let SignedIn { me, token, cookies } = sign_in(&app.chat, request, client_addr, site, &headers).await?;
    Ok((StatusCode::CREATED, set_cookies(cookies), Json(SessionCreated { token, me })))
}

/// Signs out.
async fn end(
    State(app): State<Arc<AppState>>,
    Extension(site): Extension<Site>,
    headers: HeaderMap,
) -> Result<impl IntoResponse, ApiError> {
    let token = RequestToken::from_headers(&headers, site).ok_or_else(ApiError::unauthenticated)?;
    app.chat.end_session(token.value).await?;
    Ok((StatusCode::NO_CONTENT, set_cookies(token.removed_cookies(site))))
}
