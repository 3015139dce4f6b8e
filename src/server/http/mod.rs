//! The HTTP API: JSON, errors as problem details (RFC 9457), one file a noun.

mod audit;
mod blocks;
mod conversations;
mod health;
mod invites;
mod me;
mod messages;
mod reports;
mod security_txt;
mod session;
mod sessions;

use std::sync::Arc;

use axum::{
    Extension, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, FromRequestParts, Request, rejection::BytesRejection},
    http::{HeaderName, HeaderValue, StatusCode, header, request::Parts},
    middleware::{Next, from_fn},
    response::{AppendHeaders, IntoResponse as _, Response},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::error::Category;

use crate::{
    domain::UserId,
    protocol::{ErrorCode, from_object},
    server::{
        App,
        chat::ChatError,
        net::{
            client_addr::ClientAddr, public_url::PublicUrl, security_contact::SecurityContact,
            session_cookie::session_token, site::Site,
        },
        store::Session,
    },
};

pub(super) use crate::server::problem::ApiError;
pub(super) use health::Readiness;

/// More than any request here needs.
const MAX_BODY_BYTES: usize = 16 * 1024;

/// `/api`, `/healthz`, `/readyz`, and, with a contact, `/.well-known/security.txt`.
pub(super) fn router(contact: Option<SecurityContact>, public: Option<PublicUrl>) -> Router<Arc<App>> {
    let api = Router::new()
        .merge(session::router())
        .merge(sessions::router())
        .merge(me::router())
        .merge(blocks::router())
        .merge(conversations::router())
        .merge(audit::router())
        .merge(invites::router())
        .merge(messages::router())
        .merge(reports::router())
        .fallback(async || ApiError::not_found())
        .method_not_allowed_fallback(async || {
            ApiError::new(StatusCode::METHOD_NOT_ALLOWED, ErrorCode::NotFound, "this cannot be done here".into())
        })
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(from_fn(forbid_storing));
    Router::new().nest("/api", api).merge(health::router()).merge(security_txt::router(contact, public))
}

/// Whether the API answers for this path, if only to say that there is nothing.
pub(super) fn is_api(request: &Request) -> bool {
    request.uri().path().strip_prefix("/api").is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether somebody looks after the server. They may call it by any name, or none.
pub(super) fn is_health(request: &Request) -> bool {
    matches!(request.uri().path(), health::ALIVE | health::READY)
}

/// What the API says is for one user, now.
async fn forbid_storing(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// A body that must be a JSON object, whatever its type is said to be.
fn read_json<T: DeserializeOwned>(body: Result<Bytes, BytesRejection>) -> Result<T, ApiError> {
    let body = read(body)?;
    // Not what was wrong in it: that may be a password.
    from_object(&body).map_err(|error| match error.classify() {
        Category::Data => ApiError::bad_request("not such a request: a field is missing or of the wrong kind"),
        _ => ApiError::bad_request(format!("not a JSON object: line {} column {}", error.line(), error.column())),
    })
}

fn read(body: Result<Bytes, BytesRejection>) -> Result<Bytes, ApiError> {
    body.map_err(|error| ApiError::new(error.status(), ErrorCode::BadFrame, error.body_text()))
}

/// An answer whose length others decide: `make` is asked for it only if its user may have more, who is charged for all of
/// it. The address is charged for every answer, at the edge.
async fn counted<T: Serialize>(
    app: &App,
    user: UserId,
    peer: ClientAddr,
    make: impl Future<Output = Result<T, ChatError>>,
) -> Result<Response, ApiError> {
    app.chat.may_ask(user, peer)?;
    let json = serde_json::to_vec(&make.await?).map_err(|_| ApiError::internal())?;
    app.chat.note_user_answer(user, json.len());
    Ok(([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], json).into_response())
}

/// Sets cookies, each by a header of its own.
fn set(cookies: Vec<HeaderValue>) -> AppendHeaders<impl IntoIterator<Item = (HeaderName, HeaderValue)>> {
    AppendHeaders(cookies.into_iter().map(|cookie| (header::SET_COOKIE, cookie)))
}

/// Whoever makes a request, by its session.
struct Caller(Session);

impl FromRequestParts<Arc<App>> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let Extension(site) =
            Extension::<Site>::from_request_parts(parts, app).await.map_err(|_| ApiError::internal())?;
        let token = session_token(&parts.headers, site).ok_or_else(ApiError::unauthenticated)?;
        Ok(Self(app.chat.authenticate(&token).await?))
    }
}
