//! The view of a block of code, with a button that copies it.

use leptos::{ev::MouseEvent, prelude::*};

use crate::ui::{
    i18n::markdown::MARKDOWN,
    kit::{
        boxed::{Boxed, Boxing as _},
        clipboard::copy_text,
        reactive::{on, reactive},
    },
    markdown::highlighter::Highlighter,
};

/// Code, as typed.
pub(super) fn code_block(language: Option<String>, code: String, highlighter: Highlighter) -> Boxed {
    let t = MARKDOWN.current();
    let outcome = RwSignal::new("");
    let text = code.clone();
    let copy = move |_: MouseEvent| outcome.set(if copy_text(&text) { t.copied } else { t.not_copied });
    // Without WebAssembly nothing would copy.
    let button = (!cfg!(feature = "ssr")).then(|| {
        view! { <button type="button" class="link" on:click=on(copy)>{t.copy}</button> }
    });
    let label = language.as_ref().map_or_else(|| t.code.to_owned(), |language| format!("{}: {language}", t.code));
    view! {
        <div class="code">
            <div class="code-head small">
                <span class="quiet" translate="no">{language.clone()}</span>
                <span class="quiet" role="status">{reactive(move || outcome.get())}</span>
                {button}
            </div>
            <pre tabindex="0" role="group" aria-label=label dir="ltr" translate="no"><code>{highlighter.view(language, code)}</code></pre>
        </div>
    }
    .boxed()
}
