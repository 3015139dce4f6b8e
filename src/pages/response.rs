//! Responses that all pages share.

use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};

use crate::{
    pages::{content_security_policy, preferences::language},
    server::{PageError, ReportUrl},
    ui::i18n::Texts,
};

/// When a client that was refused for its rate may try again, in seconds.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("5");

/// A rendered document with its Content-Security-Policy. No cache keeps it, because it shows who is signed in.
pub(super) fn document_response(policy: String, report_to: Option<&ReportUrl>, mut document: Response) -> Response {
    document.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    content_security_policy::set_policy(&mut document, policy, report_to);
    document
}

/// An error as one line of plain text: the client is over a limit, so no page is rendered for it.
pub(super) fn plain_text_error(error: PageError, headers: &HeaderMap) -> Response {
    let text = Texts::in_language(language(None, headers)).errors.error;
    let mut response = (error.status, [(header::CACHE_CONTROL, "no-store")], text(error.code)).into_response();
    if matches!(error.status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
        response.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER);
    }
    response
}
