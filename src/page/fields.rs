//! What a form says.

use axum::{body::Bytes, extract::rejection::BytesRejection, http::StatusCode};

use crate::{protocol::ErrorCode, server::Refused};

/// The fields of a form.
pub(super) struct Fields(Bytes);

impl Fields {
    pub(super) fn of(body: Bytes) -> Self {
        Self(body)
    }

    pub(super) fn read(body: Result<Bytes, BytesRejection>) -> Result<Self, Refused> {
        body.map(Self).map_err(|error| Refused { status: error.status(), code: ErrorCode::BadFrame })
    }

    /// As it was typed.
    pub(super) fn raw(&self, name: &str) -> Option<String> {
        form_urlencoded::parse(&self.0).find(|(found, _)| found == name).map(|(_, value)| value.into_owned())
    }

    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.raw(name).map(|value| value.trim().to_owned())
    }

    /// A number that may be left out.
    pub(super) fn number(&self, name: &str) -> Result<Option<u32>, Refused> {
        match self.text(name).as_deref() {
            None | Some("") => Ok(None),
            Some(text) => text.parse().map(Some).map_err(|_| senseless()),
        }
    }
}

/// What a form says cannot be meant.
pub(super) fn senseless() -> Refused {
    Refused { status: StatusCode::BAD_REQUEST, code: ErrorCode::BadFrame }
}
