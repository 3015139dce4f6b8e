//! Errors of the HTTP API as problem details (RFC 9457). Details of faults are logged where they happen and never sent.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use crate::{
    protocol::{ErrorCode, Problem},
    server::error::ChatError,
};

/// The answer to a request that was refused.
#[derive(Clone, Debug)]
pub(crate) struct ApiError(Box<Problem>);

impl ApiError {
    pub(crate) fn new(status: StatusCode, code: ErrorCode, detail: String) -> Self {
        Self(Box::new(Problem {
            kind: "about:blank".into(),
            title: status.canonical_reason().unwrap_or("Error").into(),
            status: status.as_u16(),
            detail,
            code,
            suggestion: None,
            retry_after_ms: None,
            ended: None,
        }))
    }

    pub(crate) fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, ErrorCode::BadFrame, detail.into())
    }

    pub(crate) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, ErrorCode::NotFound, "there is nothing here".into())
    }

    pub(crate) fn unauthenticated() -> Self {
        ChatError::Unauthenticated.into()
    }

    pub(crate) fn internal() -> Self {
        ChatError::Internal.into()
    }

    /// The error as plain text, for a page in a browser.
    pub(crate) fn into_text(self) -> Response {
        let text = format!("{}\n", self.0.detail);
        let mut response = self.into_response();
        *response.body_mut() = text.into();
        response.headers_mut().remove(header::CONTENT_LENGTH);
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        response
    }

    /// The status of the answer.
    pub(crate) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The code for programs.
    pub(crate) fn code(&self) -> ErrorCode {
        self.0.code
    }

    /// The problem details, for the sign-in form.
    pub(crate) fn problem(&self) -> &Problem {
        &self.0
    }
}

impl From<ChatError> for ApiError {
    fn from(error: ChatError) -> Self {
        let status = match &error {
            ChatError::InvalidNickname(_)
            | ChatError::InvalidMessage(_)
            | ChatError::InvalidEmoji(_)
            | ChatError::InvalidPassword(_)
            | ChatError::TooManyReactions
            | ChatError::TooManyPins
            | ChatError::TooManyBlocks
            | ChatError::InvalidReason(_)
            | ChatError::InvalidRoomName(_)
            | ChatError::TopicTooLong(_)
            | ChatError::TooManyRooms
            | ChatError::SelfDirect => StatusCode::UNPROCESSABLE_ENTITY,
            ChatError::BadRequest(_) => StatusCode::BAD_REQUEST,
            ChatError::NotAuthor
            | ChatError::NotAllowed
            | ChatError::OwnMessage
            | ChatError::NotRegistered
            | ChatError::Muted { .. }
            | ChatError::Banned { .. }
            | ChatError::Blocked
            | ChatError::InviteRequired
            | ChatError::InvalidInvite
            | ChatError::InvalidClaim
            | ChatError::AccountRequired
            | ChatError::WrongPassword => StatusCode::FORBIDDEN,
            ChatError::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            ChatError::NicknameTaken { .. }
            | ChatError::RoomNameTaken
            | ChatError::RoomArchived
            | ChatError::LastOwner => StatusCode::CONFLICT,
            ChatError::UserGone => StatusCode::GONE,
            ChatError::Unauthenticated | ChatError::SessionEnded(_) => StatusCode::UNAUTHORIZED,
            ChatError::UnknownNickname(_)
            | ChatError::UnknownUser
            | ChatError::UnknownConversation
            | ChatError::UnknownMessage
            | ChatError::UnknownInvite
            | ChatError::UnknownReport
            | ChatError::UnknownSession => StatusCode::NOT_FOUND,
            ChatError::RateLimited { .. } | ChatError::TooManyGuests | ChatError::TooManyReports => {
                StatusCode::TOO_MANY_REQUESTS
            }
            ChatError::StorageUnavailable | ChatError::QuotaUsedUp | ChatError::Busy => StatusCode::SERVICE_UNAVAILABLE,
        };
        let mut answer = Self::new(status, error.code(), error.to_string());
        answer.0.suggestion = error.suggestion();
        answer.0.retry_after_ms = error.retry_after_ms();
        answer.0.ended = error.end_reason();
        answer
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let retry_after = self.0.retry_after_ms.map(|millis| HeaderValue::from(millis.div_ceil(1_000)));
        let mut response = (status, Json(self.0)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if status == StatusCode::UNAUTHORIZED {
            // RFC 9110 §15.5.2 wants a challenge; browsers show no dialog for this one.
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, seconds);
        }
        response
    }
}
