//! A password field.

use leptos::{ev::MouseEvent, prelude::*};
use wasm_bindgen::JsCast as _;
use web_sys::Element;

use crate::{
    protocol::ErrorCode,
    ui::{
        i18n::texts,
        kit::{
            dom::input_by_id,
            form_request::FormRequest,
            icons,
            reactive::{on, reactive},
        },
    },
};

/// A password field with its label, its error, and a button that shows the password.
#[component]
pub(crate) fn PasswordField(
    /// The field's id and name.
    id: &'static str,
    /// The field's label.
    label: &'static str,
    /// The `autocomplete` attribute, for password managers.
    autocomplete: &'static str,
    /// What a password must be like.
    #[prop(optional)]
    hint: &'static str,
    /// The form's request.
    request: FormRequest,
    /// The error code that belongs to this field.
    error_code: ErrorCode,
    /// The text for this error.
    error_text: String,
    /// Whether the field has the focus from the beginning.
    #[prop(optional)]
    autofocus: bool,
) -> impl IntoView {
    let t = texts();
    let problem = format!("{id}-problem");
    let is_wrong = move || request.error_code() == Some(error_code);
    let toggle_visibility = move |event: MouseEvent| {
        let button = event.current_target().and_then(|target| target.dyn_into::<Element>().ok());
        if let (Some(button), Some(field)) = (button, input_by_id(id)) {
            let show = field.type_() == "password";
            field.set_type(if show { "text" } else { "password" });
            // Setting an attribute with a valid name cannot fail.
            drop(button.set_attribute("aria-pressed", if show { "true" } else { "false" }));
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
                aria-invalid=reactive(move || is_wrong().to_string())
                aria-describedby=format!("{problem} {id}-hint")
            />
            <button
                type="button"
                class="icon-button"
                aria-label=t.sign_in.show_password
                title=t.sign_in.show_password
                aria-pressed="false"
                on:click=on(toggle_visibility)
            >
                {icons::eye()}
            </button>
        </span>
        <p id=problem class="problem small" role="alert">
            {reactive(move || Some(error_text.clone()).filter(|_| is_wrong()))}
        </p>
        <p id=format!("{id}-hint") class="quiet small">{hint}</p>
    }
}
