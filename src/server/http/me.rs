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
        chat::PasswordSet,
        http::{
            extract::{Caller, read_json},
            respond::set_cookies,
        },
        net::{session_cookie::RequestToken, site::Site},
        problem::ApiError,
        state::AppState,
    },
};

pub(super) fn router() -> Router<Arc<AppState>> {
    Router::new().route("/me", get(me).delete(delete_account)).route("/me/password", put(set_password))
}

async fn me(caller: Caller) -> Json<CurrentUser> {
    Json(caller.session.me)
}

/// Deletes the account, and ends all its connections.
async fn delete_account(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    Extension(site): Extension<Site>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<impl IntoResponse, ApiError> {
    let request: DeleteAccountRequest = read_json(body)?;
    app.chat.delete_account(&caller.session.me, caller.client_addr, request).await?;
    app.hub.close_user(caller.session.me.id, CloseCode::SessionEnded);
    let cookies = RequestToken::from_headers(&headers, site).map_or_else(Vec::new, |token| token.removed_cookies(site));
    Ok((StatusCode::NO_CONTENT, set_cookies(cookies)))
}

/// Claims the nickname for good, or changes the password. All other sessions of the user end.
async fn set_password(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    body: Result<Bytes, BytesRejection>,
) -> Result<StatusCode, ApiError> {
    let request: PasswordRequest = read_json(body)?;
    let PasswordSet { ended, is_new } = app.chat.set_password(&caller.session, request, caller.client_addr).await?;
    let user = caller.session.me.id;
    for other in ended {
        app.hub.close_session(user, other, CloseCode::PasswordChanged);
    }
    if is_new {
        // They come back at once, as a registered user.
        app.hub.close_user(user, CloseCode::COME_BACK);
    }
    Ok(StatusCode::NO_CONTENT)
}
