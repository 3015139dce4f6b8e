//! A user's stand-in for a picture.

use leptos::prelude::*;

use crate::{
    client::Store,
    domain::{Nickname, UserId},
    ui::kit::reactive::live,
};

/// A coloured square with one character; decoration beside the name, so hidden from screen readers.
#[component]
pub(crate) fn Face(
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
    // `face.css` has a rule for each hue, because the page's policy lets no element bring styles of its own.
    let hue = expect_context::<Store>().presence.try_update_untracked(|presence| presence.hue(id)).unwrap_or_default();
    view! {
        <span
            class="avatar"
            class:small=small
            class:online=live(move || here.get())
            data-hue=hue.to_string()
            aria-hidden="true"
            translate="no"
        >
            {nickname.initial()}
        </span>
    }
}
