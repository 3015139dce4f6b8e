//! A field for a password that can be shown; and fields as they are reached by their ids, which costs a browser less
//! to load than a reference of its own for each kind of element.

use leptos::{ev::MouseEvent, prelude::*};
use wasm_bindgen::JsCast as _;
use web_sys::{Element, HtmlElement, HtmlInputElement};

use crate::{
    protocol::ErrorCode,
    ui::{
        i18n::texts,
        kit::{
            form_request::Asking,
            icons,
            reactive::{live, on},
        },
    },
};

/// A field for a password, what is wrong with it, and a button that shows what was typed.
#[component]
pub(crate) fn PasswordField(
    /// Its id and name.
    id: &'static str,
    /// What it is called.
    label: &'static str,
    /// What a password manager may do with it.
    autocomplete: &'static str,
    /// What makes a good one.
    #[prop(optional)]
    hint: &'static str,
    /// What it is asked for.
    asking: Asking,
    /// What the server calls it when this field is wrong.
    wrong: ErrorCode,
    /// And in words.
    explanation: String,
    /// Whether it has the focus from the beginning.
    #[prop(optional)]
    autofocus: bool,
) -> impl IntoView {
    let t = texts();
    let problem = format!("{id}-problem");
    let is_wrong = move || asking.code() == Some(wrong);
    let reveal = move |event: MouseEvent| {
        let button = event.current_target().and_then(|target| target.dyn_into::<Element>().ok());
        if let (Some(button), Some(field)) = (button, field(id)) {
            let is_shown = field.type_() == "password";
            field.set_type(if is_shown { "text" } else { "password" });
            // The attribute has a fixed name and so is always accepted.
            drop(button.set_attribute("aria-pressed", if is_shown { "true" } else { "false" }));
        }
    };
    view! {
        <label for=id>{label}</label>
        <span class="password-field">
            <input
                id=id
                name=id
                class="field"
                type="password"
                autocomplete=autocomplete
                autocapitalize="off"
                spellcheck="false"
                autofocus=autofocus
                aria-invalid=live(move || is_wrong().to_string())
                aria-describedby=format!("{problem} {id}-hint")
            />
            <button
                type="button"
                class="icon-button"
                aria-label=t.show_password
                title=t.show_password
                aria-pressed="false"
                on:click=on(reveal)
            >
                {icons::eye()}
            </button>
        </span>
        <p id=problem class="problem small" role="alert">
            {live(move || Some(explanation.clone()).filter(|_| is_wrong()))}
        </p>
        <p id=format!("{id}-hint") class="quiet small">{hint}</p>
    }
}

/// A field of the page.
pub(crate) fn field(id: &str) -> Option<HtmlInputElement> {
    document().get_element_by_id(id)?.dyn_into().ok()
}

/// What stands in a field; it may have been filled before this code was there to hear of it.
pub(crate) fn typed(id: &str) -> String {
    field(id).map(|field| field.value()).unwrap_or_default()
}

/// Puts a text into a field.
pub(crate) fn fill(id: &str, text: &str) {
    if let Some(field) = field(id) {
        field.set_value(text);
    }
}

/// Leads to an element of the page.
pub(crate) fn focus(id: &str) {
    if let Some(element) = document().get_element_by_id(id).and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        // Focus can only fail where the element is gone.
        drop(element.focus());
    }
}

/// Whether an element that discloses something does so now.
pub(crate) fn is_open(id: &str) -> bool {
    document().get_element_by_id(id).is_some_and(|details| details.has_attribute("open"))
}

/// Hides again what an element has disclosed.
pub(crate) fn close(id: &str) {
    if let Some(details) = document().get_element_by_id(id) {
        // The attribute has a fixed name and so is always accepted.
        drop(details.remove_attribute("open"));
    }
}
