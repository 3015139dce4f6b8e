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
    protocol::{CloseCode, ErrorCode, SessionCreated, SessionRequest, from_object},
    server::chat::Arrival,
};

use super::{
    super::{App, SESSION_COOKIE, peer::Peer, session_token},
    ApiError,
};

/// How long a browser keeps the cookie.
const COOKIE_SECONDS: u32 = 30 * 24 * 60 * 60;

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
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    match Request::of(&headers) {
        Request::Json => create_by_json(&app, peer, &headers, body).await.into_response(),
        Request::Form => create_by_form(&app, peer, &headers, body).await.into_response(),
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
    headers: &HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<impl IntoResponse + use<>, ApiError> {
    app.origins.check(headers)?;
    let body = read(body)?;
    let request: SessionRequest =
        from_object(&body).map_err(|error| ApiError::bad_request(format!("not a session request: {error}")))?;
    let Arrival { me, token } = app.chat.create_guest(&request.nickname, peer).await?;
    let cookie = AppendHeaders([(header::SET_COOKIE, cookie(&token, COOKIE_SECONDS))]);
    Ok((StatusCode::CREATED, cookie, Json(SessionCreated { token, me })))
}

/// A browser shows whatever it gets, so this leads back to the form, which says what went wrong.
async fn create_by_form(
    app: &App,
    peer: Peer,
    headers: &HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, ApiError> {
    app.origins.check(headers)?;
    let body = read(body)?;
    let nickname = form_urlencoded::parse(&body).find(|(name, _)| name == "nickname").map(|(_, value)| value);
    let nickname = nickname.unwrap_or_default();
    match app.chat.create_guest(&nickname, peer).await {
        Ok(Arrival { token, .. }) => {
            let cookie = AppendHeaders([(header::SET_COOKIE, cookie(&token, COOKIE_SECONDS))]);
            Ok((cookie, Redirect::to(AFTER_JOINING)).into_response())
        }
        Err(error) => Ok(Redirect::to(&form_again(&nickname, &error.into())).into_response()),
    }
}

fn form_again(nickname: &str, error: &ApiError) -> String {
    let problem = error.problem();
    let mut query = Serializer::for_suffix(String::from(FORM_AGAIN), FORM_AGAIN.len());
    query.append_pair("error", &code(problem.code)).append_pair("nickname", nickname);
    if let Some(suggestion) = &problem.suggestion {
        query.append_pair("suggestion", suggestion.as_str());
    }
    query.finish()
}

/// The code as it looks in JSON.
fn code(code: ErrorCode) -> String {
    serde_json::to_value(code).ok().and_then(|code| Some(code.as_str()?.to_owned())).unwrap_or_default()
}

fn read(body: Result<Bytes, BytesRejection>) -> Result<Bytes, ApiError> {
    body.map_err(|error| ApiError::new(error.status(), ErrorCode::BadFrame, error.body_text()))
}

/// Ends the session, and the user's connections with it.
async fn end(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<impl IntoResponse, ApiError> {
    app.origins.check(&headers)?;
    let token = session_token(&headers).ok_or_else(ApiError::unauthenticated)?;
    let ended = app.chat.end_session(&token).await?;
    app.hub.close_user(ended.user, CloseCode::SessionEnded);
    Ok((StatusCode::NO_CONTENT, AppendHeaders([(header::SET_COOKIE, cookie("", 0))])))
}

/// Out of reach of scripts, and not sent along by other sites' forms and pictures.
fn cookie(token: &str, seconds: u32) -> String {
    format!("{SESSION_COOKIE}={token}; HttpOnly; SameSite=Lax; Path=/; Max-Age={seconds}")
}
