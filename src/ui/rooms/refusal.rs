//! What to tell a user whose request about a room was refused.

use crate::{
    client::RequestError,
    protocol::ErrorCode,
    ui::i18n::{room_screens::errors::ROOM_ERRORS, texts},
};

/// The text for a refused request about a room.
pub(super) fn refusal_text(refusal: &RequestError) -> String {
    refusal.code().map_or_else(|| texts().errors.unreachable.to_owned(), code_text)
}

/// The text for the reason of a refusal.
pub(super) fn code_text(code: ErrorCode) -> String {
    (ROOM_ERRORS.current().error)(code).unwrap_or_else(|| (texts().errors.error)(code))
}
