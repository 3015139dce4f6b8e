//! What a form says.

use axum::{body::Bytes, extract::rejection::BytesRejection, http::StatusCode};

use crate::{protocol::ErrorCode, server::PageError};

/// The fields of a form.
pub(crate) struct Fields(Bytes);

impl Fields {
    pub(crate) fn of(body: Bytes) -> Self {
        Self(body)
    }

    pub(crate) fn read(body: Result<Bytes, BytesRejection>) -> Result<Self, PageError> {
        body.map(Self).map_err(|error| PageError { status: error.status(), code: ErrorCode::BadFrame })
    }

    /// As it was typed.
    pub(crate) fn raw(&self, name: &str) -> Option<String> {
        form_urlencoded::parse(&self.0).find(|(found, _)| found == name).map(|(_, value)| value.into_owned())
    }

    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.raw(name).map(|value| value.trim().to_owned())
    }

    /// A number that may be left out.
    pub(crate) fn number(&self, name: &str) -> Result<Option<u32>, PageError> {
        match self.text(name).as_deref() {
            None | Some("") => Ok(None),
            Some(text) => text.parse().map(Some).map_err(|_| bad_form()),
        }
    }
}

/// What a form says cannot be meant.
pub(crate) fn bad_form() -> PageError {
    PageError { status: StatusCode::BAD_REQUEST, code: ErrorCode::BadFrame }
}
