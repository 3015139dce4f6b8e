//! The button that opens the emoji picker above the composer.

use leptos::{
    ev::{FocusEvent, MouseEvent},
    prelude::*,
};
use wasm_bindgen::JsCast as _;
use web_sys::{Element, Node};

use crate::ui::{
    chat::composer::draft::Draft,
    emoji::{LazyEmoji, PickerUse},
    i18n::texts,
    kit::{
        dom::{insert_text, matches},
        icons,
        reactive::{on, reactive, reactive_view},
    },
};

/// The id of the field that searches.
const SEARCH: &str = "emoji-search";

/// The button, and the picker while it is open. What is chosen replaces the selection in the composer.
#[component]
pub(super) fn EmojiButton(
    /// The draft in the composer.
    draft: Draft,
) -> impl IntoView {
    let t = texts();
    let (emoji, is_open) = (LazyEmoji::new(), RwSignal::new(false));
    let close = move || {
        is_open.set(false);
        draft.focus();
    };
    let toggle = move |_: MouseEvent| {
        emoji.load();
        if is_open.get_untracked() { close() } else { is_open.set(true) }
    };
    let choose = move |text: String| {
        close();
        insert_text(&text);
    };
    // Not if another window gets the focus.
    let leave = move |event: FocusEvent| {
        let next = event.related_target().and_then(|next| next.dyn_into::<Node>().ok());
        let popup = event.current_target().and_then(|popup| popup.dyn_into::<Element>().ok());
        let stays = popup.is_some_and(|popup| popup.contains(next.as_ref()) && next.is_some());
        if !stays && document().has_focus().unwrap_or(true) {
            is_open.set(false);
        }
    };
    // On a phone, what lies around the sheet closes it.
    let click = move |event: MouseEvent| {
        let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        if target.is_some_and(|target| matches(&target, ".emoji-popup")) {
            close();
        }
    };
    let popup = move || {
        is_open.get().then(|| {
            let is_wide =
                window().inner_width().ok().and_then(|width| width.as_f64()).is_some_and(|width| width > 768.0);
            let picker = PickerUse {
                search_id: SEARCH,
                takes_focus: is_wide,
                choose: Callback::new(choose),
                close: Callback::new(move |()| close()),
            };
            view! {
                <div class="emoji-popup" on:focusout=on(leave) on:click=on(click)>
                    {reactive_view(move || emoji.picker(picker))}
                </div>
            }
        })
    };
    view! {
        <button
            type="button"
            class="icon-button"
            aria-label=t.composer.emoji
            title=t.composer.emoji
            aria-expanded=reactive(move || is_open.get().to_string())
            // A press must not take the focus from the picker, which would close before the click opens it again.
            on:mousedown=on(|event: MouseEvent| event.prevent_default())
            on:click=on(toggle)
        >
            {icons::face()}
        </button>
        {reactive_view(popup)}
    }
}
