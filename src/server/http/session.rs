//! `/api/session`: coming in and going.

use std::sync::Arc;

use axum::{
    Extension, Json, Router,
    body::Bytes,
    extract::{State, rejection::BytesRejection},
    http::{HeaderMap, StatusCode, header},
    response::{AppendHeaders, IntoResponse},
    routing::post,
};

use crate::protocol::{CloseCode, SessionCreated, SessionRequest};

use super::{
    super::{
        App,
        edge::Scheme,
        entering::{Entered, Knock, come_in},
        peer::Peer,
        session_token,
        sessions::session_cookie,
    },
    ApiError, read_json,
};

pub(super) fn router() -> Router<Arc<App>> {
    Router::new().route("/session", post(create).delete(end))
}

/// Lets a new guest in, or who shows a password.
async fn create(
    State(app): State<Arc<App>>,
    Extension(peer): Extension<Peer>,
    Extension(scheme): Extension<Scheme>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<impl IntoResponse, ApiError> {
    let SessionRequest { nickname, password, invite, claim } = read_json(body)?;
    let knock = Knock { nickname, password, invite, claim };
    let Entered { me, token, cookie } = come_in((&app.chat, &app.hub), knock, (peer, scheme), &headers).await?;
    let cookie = AppendHeaders([(header::SET_COOKIE, cookie)]);
    Ok((StatusCode::CREATED, cookie, Json(SessionCreated { token, me })))
}

/// Ends the session, and its connections with it.
async fn end(
    State(app): State<Arc<App>>,
    Extension(scheme): Extension<Scheme>,
    headers: HeaderMap,
) -> Result<impl IntoResponse, ApiError> {
    let token = session_token(&headers, scheme).ok_or_else(ApiError::unauthenticated)?;
    let ended = app.chat.end_session(&token).await?;
    app.hub.close_session(ended.user, ended.session, CloseCode::SessionEnded);
    Ok((StatusCode::NO_CONTENT, AppendHeaders([(header::SET_COOKIE, session_cookie("", 0, scheme))])))
}
