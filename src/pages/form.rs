//! Reading a submitted form (`application/x-www-form-urlencoded`).

use std::str::FromStr;

use axum::{body::Bytes, extract::rejection::BytesRejection, http::StatusCode};

use crate::{protocol::ErrorCode, server::PageError};

/// The longest form in bytes: a text of 64 KiB, percent-encoded, with some room to spare. A longer one is refused unread.
pub(super) const MAX_FORM_BYTES: usize = 256 * 1024;

/// The same for a request without a valid session, which signs in, or sends a message after its session has ended.
pub(super) const MAX_ANONYMOUS_FORM_BYTES: usize = 64 * 1024;

/// The fields of a form.
pub(super) struct Fields(Bytes);

impl Fields {
    pub(super) fn new(body: Bytes) -> Self {
        Self(body)
    }

    /// The fields of a body, or the error for one that could not be read.
    pub(super) fn read(body: Result<Bytes, BytesRejection>) -> Result<Self, PageError> {
        body.map(Self).map_err(|error| PageError { status: error.status(), code: ErrorCode::BadFrame })
    }

    /// A field exactly as it was typed.
    pub(super) fn raw(&self, name: &str) -> Option<String> {
        form_urlencoded::parse(&self.0).find(|(found, _)| found == name).map(|(_, value)| value.into_owned())
    }

    /// A field without surrounding white space.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.raw(name).map(|value| value.trim().to_owned())
    }

    /// A number, or `None` if the field is missing or empty.
    pub(super) fn number<N: FromStr>(&self, name: &str) -> Result<Option<N>, PageError> {
        match self.text(name).as_deref() {
            None | Some("") => Ok(None),
            Some(text) => text.parse().map(Some).map_err(|_| bad_form()),
        }
    }
}

/// The error for a form that the page would never send.
pub(super) fn bad_form() -> PageError {
    PageError { status: StatusCode::BAD_REQUEST, code: ErrorCode::BadFrame }
}
