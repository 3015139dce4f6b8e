//! Folds a long message.

use leptos::{ev::MouseEvent, prelude::*};

use crate::ui::{
    i18n::markdown::MARKDOWN,
    kit::{
        boxed::{Boxed, Boxing as _},
        reactive::{on, reactive},
    },
};

/// The first lines of a long content, with a button that shows the rest.
pub(super) fn fold(content: Boxed) -> Boxed {
    let t = MARKDOWN.current();
    let is_folded = RwSignal::new(true);
    let toggle = move |_: MouseEvent| is_folded.update(|is_folded| *is_folded = !*is_folded);
    view! {
        <div class="long" class:folded=reactive(move || is_folded.get())>{content}</div>
        <button
            type="button"
            class="link small"
            aria-expanded=reactive(move || (!is_folded.get()).to_string())
            on:click=on(toggle)
        >
            {reactive(move || if is_folded.get() { t.show_all } else { t.show_less })}
        </button>
    }
    .boxed()
}
