//! A user's stand-in for a picture.

use leptos::prelude::*;

use super::live::live;

use crate::domain::{Nickname, UserId};

/// A coloured square with one character; decoration beside the name, so hidden from screen readers.
#[component]
pub(super) fn Face(
    /// Whose.
    id: UserId,
    /// What they are called.
    nickname: Nickname,
    /// Whether it stands in a list rather than beside a message.
    #[prop(optional)]
    small: bool,
    /// Whether the user is here.
    #[prop(optional, into)]
    here: Signal<bool>,
) -> impl IntoView {
    view! {
        <span
            class="face"
            class:small=small
            class:here=live(move || here.get())
            data-hue=hue(id).to_string()
            aria-hidden="true"
            translate="no"
        >
            {nickname.initial()}
        </span>
    }
}

/// One of twelve hues, the same for a user everywhere and always. `face.css` has a rule for each, because the page's
/// policy lets no element bring styles of its own.
fn hue(id: UserId) -> u32 {
    let sum: u32 = id.as_uuid().as_bytes().iter().map(|byte| u32::from(*byte)).sum();
    sum % 12
}
