//! `/api/me`: the signed-in user, the password, and deleting the account.

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
    protocol::{DeleteAccountRequest, PasswordRequest},
    server::{
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

/// Deletes the account, and ends all sessions.
async fn delete_account(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    Extension(site): Extension<Site>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<impl IntoResponse, ApiError> {
    let request: DeleteAccountRequest = read_json(body)?;
    app.chat.delete_account(&caller.session.me, caller.client_addr, request).await?;
    let cookies = RequestToken::from_headers(&headers, site).map_or_else(Vec::new, |token| token.removed_cookies(site));
    Ok((StatusCode::NO_CONTENT, set_cookies(cookies)))
}

/// Registers a guest, or changes the password. Ends all other sessions.
async fn set_password(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    body: Result<Bytes, BytesRejection>,
) -> Result<StatusCode, ApiError> {
    let request: PasswordRequest = read_json(body)?;
    app.chat.set_password(&caller.session, request, caller.client_addr).await?;
    Ok(StatusCode::NO_CONTENT)
}
