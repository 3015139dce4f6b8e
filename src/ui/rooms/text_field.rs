//! A text field of a form about a room, with the error for what it contains.

use leptos::prelude::*;

use crate::{
    protocol::ErrorCode,
    ui::{
        kit::{form_request::FormRequest, reactive::reactive},
        rooms::refusal::code_text,
    },
};

/// A text field with its label. If the server refused its content, it says why.
#[component]
pub(super) fn TextField(
    /// The id of the field.
    id: &'static str,
    /// The label.
    label: &'static str,
    /// The text in the empty field.
    #[prop(optional)]
    placeholder: &'static str,
    /// The text at first.
    #[prop(optional)]
    value: String,
    /// The id of a list of suggestions.
    #[prop(optional)]
    list: &'static str,
    /// The request that sends the form.
    request: FormRequest,
    /// The error codes that are about this field.
    codes: &'static [ErrorCode],
) -> impl IntoView {
    let code = move || request.error_code().filter(|code| codes.contains(code));
    let problem = format!("{id}-problem");
    view! {
        <label for=id>{label}</label>
        <input
            id=id
            class="field"
            type="text"
            dir="auto"
            autocomplete="off"
            placeholder=placeholder
            value=value
            list=(!list.is_empty()).then_some(list)
            aria-invalid=reactive(move || code().is_some().to_string())
            aria-describedby=problem.clone()
        />
        <p id=problem class="problem small" role="alert">{reactive(move || code().map(code_text))}</p>
    }
}
