//! The coloured initial of a user.

use leptos::prelude::*;

use crate::{
    client::ClientStore,
    domain::{Nickname, UserId},
    ui::kit::reactive::reactive,
};

/// A coloured square with the user's initial. It decorates the name beside it, so it is hidden from screen readers.
#[component]
pub(crate) fn Avatar(
    /// The user's id, which chooses the colour.
    id: UserId,
    /// The user's nickname.
    nickname: Nickname,
    /// Whether to use the size for lists, rather than the one for messages.
    #[prop(optional)]
    small: bool,
    /// Whether to mark the user as online.
    #[prop(optional, into)]
    online: Signal<bool>,
) -> impl IntoView {
    // `style/avatar.css` has a rule for each hue, because the content security policy forbids inline styles.
    let hue =
        expect_context::<ClientStore>().presence.try_update_untracked(|presence| presence.hue(id)).unwrap_or_default();
    view! {
        <span
            class="avatar"
            class:small=small
            class:online=reactive(move || online.get())
            data-hue=hue.to_string()
            aria-hidden="true"
            translate="no"
        >
            {nickname.initial()}
        </span>
    }
}
