//! `/api/session`: coming in and going.

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
    protocol::{CloseCode, SessionCreated, SessionRequest},
    server::{
        http::{extract::read_json, respond::set_cookies},
        net::{client_addr::ClientAddr, session_cookie::RequestToken, site::Site},
        problem::ApiError,
        sign_in::{SignInRequest, SignedIn, come_in},
        state::AppState,
    },
};

pub(super) fn router() -> Router<Arc<AppState>> {
    Router::new().route("/session", post(create).delete(end))
}

/// Lets a new guest in, or who shows a password.
async fn create(
    State(app): State<Arc<AppState>>,
    Extension(peer): Extension<ClientAddr>,
    Extension(site): Extension<Site>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<impl IntoResponse, ApiError> {
    let SessionRequest { nickname, password, invite, claim } = read_json(body)?;
    let knock = SignInRequest { nickname, password, invite, claim };
    let SignedIn { me, token, cookies } = come_in((&app.chat, &app.hub), knock, (peer, site), &headers).await?;
    Ok((StatusCode::CREATED, set_cookies(cookies), Json(SessionCreated { token, me })))
}

/// Ends the session, and its connections with it.
async fn end(
    State(app): State<Arc<AppState>>,
    Extension(site): Extension<Site>,
    headers: HeaderMap,
) -> Result<impl IntoResponse, ApiError> {
    let token = RequestToken::from_headers(&headers, site).ok_or_else(ApiError::unauthenticated)?;
    let ended = app.chat.end_session(token.value).await?;
    app.hub.close_session(ended.user, ended.session, CloseCode::SessionEnded);
    Ok((StatusCode::NO_CONTENT, set_cookies(token.removed_cookies(site))))
}
