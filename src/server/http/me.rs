//! `/api/me`: who one is, and the password that makes one stay it.

use std::sync::Arc;

use axum::{
    Extension, Json, Router,
    body::Bytes,
    extract::{State, rejection::BytesRejection},
    http::StatusCode,
    routing::{get, put},
};

use crate::{
    domain::Me,
    protocol::{CloseCode, PasswordRequest},
};

use super::{
    super::{App, chat::PasswordSet, peer::Peer},
    ApiError, Caller, read_json,
};

pub(super) fn router() -> Router<Arc<App>> {
    Router::new().route("/me", get(me)).route("/me/password", put(set_password))
}

async fn me(Caller(session): Caller) -> Json<Me> {
    Json(session.me)
}

/// Claims the nickname for good, or changes the password. All other sessions of the user end.
async fn set_password(
    State(app): State<Arc<App>>,
    Caller(session): Caller,
    Extension(peer): Extension<Peer>,
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
