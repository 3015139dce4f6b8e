//! `/api/me`: who one is, the password that makes one stay it, and the end of it.

use std::sync::Arc;

use axum::{
    Extension, Json, Router,
    body::Bytes,
    extract::{State, rejection::BytesRejection},
    http::{HeaderMap, StatusCode},
    response::IntoResponse,
    routing::{get, put},
};

use crate::{
    domain::CurrentUser,
    protocol::{CloseCode, DeleteAccountRequest, PasswordRequest},
    server::{
        App,
        chat::PasswordSet,
        http::{ApiError, Caller, read_json, set},
        net::{client_addr::ClientAddr, session_cookie::RequestToken, site::Site},
    },
};

pub(super) fn router() -> Router<Arc<App>> {
    Router::new().route("/me", get(me).delete(delete_account)).route("/me/password", put(set_password))
}

async fn me(Caller(session): Caller) -> Json<CurrentUser> {
    Json(session.me)
}

/// Deletes the account, and ends all its connections.
async fn delete_account(
    State(app): State<Arc<App>>,
    Caller(session): Caller,
    Extension(peer): Extension<ClientAddr>,
    Extension(site): Extension<Site>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<impl IntoResponse, ApiError> {
    let request: DeleteAccountRequest = read_json(body)?;
    app.chat.delete_account(&session.me, peer, request).await?;
    app.hub.close_user(session.me.id, CloseCode::SessionEnded);
    let cookies = RequestToken::from_headers(&headers, site).map_or_else(Vec::new, |token| token.removed_cookies(site));
    Ok((StatusCode::NO_CONTENT, set(cookies)))
}

/// Claims the nickname for good, or changes the password. All other sessions of the user end.
async fn set_password(
    State(app): State<Arc<App>>,
    Caller(session): Caller,
    Extension(peer): Extension<ClientAddr>,
    body: Result<Bytes, BytesRejection>,
) -> Result<StatusCode, ApiError> {
    let request: PasswordRequest = read_json(body)?;
    let PasswordSet { ended, is_new } = app.chat.set_password(&session, request, peer).await?;
    let user = session.me.id;
    for other in ended {
        app.hub.close_session(user, other, CloseCode::PasswordChanged);
    }
    if is_new {
        // They come back at once, as a registered user.
        app.hub.close_user(user, CloseCode::COME_BACK);
    }
    Ok(StatusCode::NO_CONTENT)
}
