//! `/api/session`: coming in and going.

use std::sync::Arc;

use axum::{
    Extension, Json, Router,
    body::Bytes,
    extract::{State, rejection::BytesRejection},
    http::{HeaderMap, StatusCode, header},
    response::{AppendHeaders, IntoResponse, Redirect, Response},
    routing::post,
};
use form_urlencoded::Serializer;

use crate::{
    protocol::{CloseCode, SessionCreated, SessionRequest},
    server::chat::{Arrival, ChatError},
};

use super::{
    super::{
        App,
        edge::Scheme,
        peer::Peer,
        session_token,
        sessions::{session_cookie, user_agent},
    },
    ApiError, read, read_json,
};

/// Where the page's form leads.
const AFTER_JOINING: &str = "/talk/lobby";

/// Where it leads back to, with a query that says what went wrong.
const FORM_AGAIN: &str = "/?";

pub(super) fn router() -> Router<Arc<App>> {
    Router::new().route("/session", post(create).delete(end))
}

/// Lets a new guest in. Takes JSON from programs, and the page's plain form from browsers without script.
async fn create(
    State(app): State<Arc<App>>,
    Extension(peer): Extension<Peer>,
    Extension(scheme): Extension<Scheme>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    match Request::of(&headers) {
        Request::Json => create_by_json(&app, peer, scheme, &headers, body).await.into_response(),
        Request::Form => create_by_form(&app, peer, scheme, &headers, body).await.into_response(),
    }
}

enum Request {
    Json,
    Form,
}

impl Request {
    fn of(headers: &HeaderMap) -> Self {
        let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        match kind.split(';').next().map(str::trim) {
            Some("application/x-www-form-urlencoded") => Self::Form,
            _ => Self::Json,
        }
    }
}

async fn create_by_json(
    app: &App,
    peer: Peer,
    scheme: Scheme,
    headers: &HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<impl IntoResponse + use<>, ApiError> {
    let SessionRequest { nickname, password, invite } = read_json(body)?;
    let Arrival { me, token, .. } = come_in(app, peer, scheme, headers, &nickname, password, invite).await?;
    let cookie = AppendHeaders([(header::SET_COOKIE, session_cookie(&token, app.chat.longest_session(), scheme))]);
    Ok((StatusCode::CREATED, cookie, Json(SessionCreated { token, me })))
}

/// A browser shows whatever it gets, so this leads back to the form, which says what went wrong.
async fn create_by_form(
    app: &App,
    peer: Peer,
    scheme: Scheme,
    headers: &HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, ApiError> {
    let body = read(body)?;
    let typed = |field: &str| form_urlencoded::parse(&body).find(|(name, _)| name == field).map(|(_, value)| value);
    let nickname = typed("nickname").unwrap_or_default();
    // A password field that was left empty is none.
    let password = typed("password").filter(|password| !password.is_empty()).map(String::from);
    let invite = typed("invite").filter(|invite| !invite.is_empty()).map(String::from);
    match come_in(app, peer, scheme, headers, &nickname, password, invite.clone()).await {
        Ok(Arrival { token, .. }) => {
            let cookie =
                AppendHeaders([(header::SET_COOKIE, session_cookie(&token, app.chat.longest_session(), scheme))]);
            Ok((cookie, Redirect::to(AFTER_JOINING)).into_response())
        }
        Err(error) => Ok(Redirect::to(&form_again(&nickname, invite.as_deref(), &error.into())).into_response()),
    }
}

/// As a new guest, or with a password as a registered user; with both a password and an invite perhaps as a new one.
async fn come_in(
    app: &App,
    peer: Peer,
    scheme: Scheme,
    headers: &HeaderMap,
    nickname: &str,
    password: Option<String>,
    invite: Option<String>,
) -> Result<Arrival, ChatError> {
    let agent = user_agent(headers);
    let arrival = match (password, invite) {
        (Some(password), Some(invite)) => app.chat.register(nickname, password, &invite, peer, agent).await?,
        (Some(password), None) => app.chat.sign_in(nickname, password, peer, agent).await?,
        (None, invite) => return app.chat.create_guest(nickname, invite.as_deref(), peer, agent).await,
    };
    // Its token gives way to the new one in the browser's cookie: nobody could end it any more.
    if let Some(token) = session_token(headers, scheme) {
        match app.chat.end_session(&token).await {
            Ok(ended) => app.hub.close_session(ended.user, ended.session, CloseCode::SessionEnded),
            Err(ChatError::Unauthenticated) => {}
            Err(error) => tracing::warn!(%error, "a session that was replaced could not be ended"),
        }
    }
    Ok(arrival)
}

fn form_again(nickname: &str, invite: Option<&str>, error: &ApiError) -> String {
    let problem = error.problem();
    let mut query = Serializer::for_suffix(String::from(FORM_AGAIN), FORM_AGAIN.len());
    query.append_pair("error", problem.code.name()).append_pair("nickname", nickname);
    if let Some(suggestion) = &problem.suggestion {
        query.append_pair("suggestion", suggestion.as_str());
    }
    if let Some(invite) = invite {
        query.append_pair("invite", invite);
    }
    query.finish()
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
