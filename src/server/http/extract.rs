//! What handlers take from a request.

use std::sync::Arc;

use axum::{
    Extension,
    body::Bytes,
    extract::{FromRequestParts, rejection::BytesRejection},
    http::request::Parts,
};
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use crate::{
    domain::ClientAddr,
    protocol::{ErrorCode, from_object},
    server::{
        chat::CommandContext,
        error::ChatError,
        net::{session_cookie::session_token, site::Site},
        problem::ApiError,
        state::AppState,
        store::Session,
    },
};

/// The signed-in sender of a request.
pub(super) struct Caller {
    pub(super) session: Session,
    pub(super) client_addr: ClientAddr,
}

impl Caller {
    /// Charges the caller for a command with a body of `bytes` bytes.
    pub(super) fn begin_command(&self, app: &AppState, bytes: usize) -> Result<CommandContext, ChatError> {
        app.chat.begin_command(self.session.me.user(), self.client_addr, bytes)
    }
}

impl FromRequestParts<Arc<AppState>> for Caller {
    type Rejection = ApiError;

    /// Rejects a request without a valid session token with 401.
    async fn from_request_parts(parts: &mut Parts, app: &Arc<AppState>) -> Result<Self, ApiError> {
        let missing_extension = |_| ApiError::internal();
        let Extension(site) = Extension::<Site>::from_request_parts(parts, app).await.map_err(missing_extension)?;
        let Extension(client_addr) =
            Extension::<ClientAddr>::from_request_parts(parts, app).await.map_err(missing_extension)?;
        let token = session_token(&parts.headers, site).ok_or_else(ApiError::unauthenticated)?;
        Ok(Self { session: app.chat.authenticate(&token).await?, client_addr })
    }
}

/// Parses a body as a JSON object, whatever its `Content-Type`.
///
/// # Errors
/// 400; 413 for a body that is too large.
pub(super) fn read_json<T: DeserializeOwned>(body: Result<Bytes, BytesRejection>) -> Result<T, ApiError> {
    let body = body.map_err(|error| ApiError::new(error.status(), ErrorCode::BadFrame, error.body_text()))?;
    // The answer does not quote the body, which may hold a password.
    from_object(&body).map_err(|error| match error.classify() {
        Category::Data => ApiError::bad_request("not such a request: a field is missing or of the wrong kind"),
        _ => ApiError::bad_request(format!("not a JSON object: line {} column {}", error.line(), error.column())),
    })
}
