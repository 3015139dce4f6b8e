//! What handlers answer with.

use axum::{
    http::{HeaderName, HeaderValue, header},
    response::{AppendHeaders, IntoResponse as _, Response},
};
use serde::Serialize;

use crate::server::{error::ChatError, http::extract::Caller, problem::ApiError, state::AppState};

/// Answers with JSON whose length depends on stored data, and charges the caller for its bytes. Runs `query` only if the
/// caller's budget is not overdrawn. The edge charges the address for every answer.
pub(super) async fn metered_json<T: Serialize>(
    app: &AppState,
    caller: &Caller,
    query: impl Future<Output = Result<T, ChatError>>,
) -> Result<Response, ApiError> {
    let user = caller.session.me.id;
    app.chat.check_answer_budget(user, caller.client_addr)?;
    let json = serde_json::to_vec(&query.await?).map_err(|_| ApiError::internal())?;
    app.chat.charge_user_answer(user, json.len());
    Ok(([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], json).into_response())
}

/// One `Set-Cookie` header per cookie.
pub(super) fn set_cookies(
    cookies: Vec<HeaderValue>,
) -> AppendHeaders<impl IntoIterator<Item = (HeaderName, HeaderValue)>> {
    AppendHeaders(cookies.into_iter().map(|cookie| (header::SET_COOKIE, cookie)))
}
