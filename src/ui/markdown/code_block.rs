//! The view of a block of code, with a button that copies it.

use js_sys::{Reflect, futures::JsFuture};
use leptos::{ev::MouseEvent, prelude::*, task::spawn_local};
use wasm_bindgen::JsCast as _;
use web_sys::{Element, HtmlDocument};

use crate::ui::{
    i18n::markdown::MARKDOWN,
    kit::{
        boxed::{Boxed, Boxing as _},
        dom::closest,
        reactive::{on, reactive},
    },
    markdown::highlighter::Highlighter,
};

/// Code, as typed.
pub(super) fn code_block(language: Option<String>, code: String, highlighter: Highlighter) -> Boxed {
    let t = MARKDOWN.current();
    let outcome = RwSignal::new("");
    let text = code.clone();
    let copy = move |click: MouseEvent| {
        let (text, button) = (text.clone(), click.target().and_then(|target| target.dyn_into::<Element>().ok()));
        outcome.set("");
        spawn_local(async move {
            let is_copied = copy(&text).await || button.is_some_and(|button| copy_code_of(&button));
            outcome.try_set(if is_copied { t.copied } else { t.not_copied });
        });
    };
    let label = language.as_ref().map_or_else(|| t.code.to_owned(), |language| format!("{}: {language}", t.code));
    view! {
        <div class="code">
            <div class="code-head small">
                <span class="quiet" translate="no">{language.clone()}</span>
                <span class="quiet" role="status">{reactive(move || outcome.get())}</span>
                <button type="button" class="link" on:click=on(copy)>{t.copy}</button>
            </div>
            <pre tabindex="0" role="group" aria-label=label dir="ltr" translate="no"><code>{highlighter.view(language, code)}</code></pre>
        </div>
    }
    .boxed()
}

/// Copies a text. Browsers offer this on secure pages only. Returns whether it worked.
async fn copy(text: &str) -> bool {
    let navigator = window().navigator();
    if Reflect::get(&navigator, &"clipboard".into()).is_ok_and(|clipboard| clipboard.is_object()) {
        JsFuture::from(navigator.clipboard().write_text(text)).await.is_ok()
    } else {
        false
    }
}

/// Copies the code of which this is the button in the old way: selects it, and lets the browser copy the selection.
fn copy_code_of(button: &Element) -> bool {
    let code = closest(button, ".code").and_then(|block| block.query_selector("code").ok().flatten());
    let selection = window().get_selection().ok().flatten();
    let (Some(code), Some(selection), Ok(document)) = (code, selection, document().dyn_into::<HtmlDocument>()) else {
        return false;
    };
    selection.select_all_children(&code).is_ok() && document.exec_command("copy").unwrap_or(false)
}
