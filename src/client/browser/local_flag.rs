//! Flags in `localStorage`, which all pages of this browser share and can read synchronously.

use leptos::prelude::window;

use crate::domain::UserId;

/// A text in `localStorage`.
pub(crate) struct LocalFlag(String);

impl LocalFlag {
    /// Set while the outbox of this user is not empty. `ui/chat/pre_boot.js` then sends nothing, because its message would
    /// overtake the stored ones, and it cannot read them synchronously.
    pub(crate) fn outbox_not_empty(user: UserId) -> Self {
        Self(format!("outbox {user}"))
    }

    /// Holds the id of the user who has signed out, so that the other pages delete that user's data as well.
    pub(crate) fn signed_out() -> Self {
        Self("left".to_owned())
    }

    /// Holds the emoji that this user has used last.
    pub(crate) fn emoji(user: UserId) -> Self {
        Self(format!("emoji {user}"))
    }

    /// Its value, if it is set.
    pub(crate) fn get(&self) -> Option<String> {
        marks()?.get_item(&self.0).ok()?
    }

    /// Sets its value.
    pub(crate) fn set(&self, value: &str) {
        drop(marks().map(|marks| marks.set_item(&self.0, value)));
    }

    /// Removes it.
    pub(crate) fn clear(&self) {
        drop(marks().map(|marks| marks.remove_item(&self.0)));
    }
}

fn marks() -> Option<web_sys::Storage> {
    window().local_storage().ok()?
}
