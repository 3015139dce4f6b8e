//! What to tell a user whose request about a room was refused.

use crate::{
    client::RequestError,
    protocol::ErrorCode,
    ui::i18n::{room_screens::ROOM_SCREENS, texts},
};

/// The text for a refused request about a room.
pub(super) fn refusal_text(refusal: &RequestError) -> String {
    let (t, own) = (texts(), ROOM_SCREENS.current());
    match refusal.code() {
        Some(ErrorCode::Forbidden) => own.forbidden.to_owned(),
        Some(ErrorCode::LastOwner) => own.last_owner.to_owned(),
        Some(ErrorCode::AccountRequired) => own.accounts_only.to_owned(),
        Some(code) => (t.error)(code),
        None => t.unreachable.to_owned(),
    }
}
