//! The view of the recipient picker.
//!
//! It is a combobox with a list, after the ARIA Authoring Practices: arrow keys move through the list, Enter takes an entry,
//! Escape closes the list.

use leptos::{
    ev::{KeyboardEvent, SubmitEvent},
    html,
    prelude::*,
};

use crate::{
    client::ClientStore,
    ui::{
        chat::recipient::{
            choice::{RecipientChoice, RecipientProblem},
            functions::{self, RecipientFunctions, option_id},
        },
        i18n::texts,
        kit::{
            lazy::{Lazy, lazy},
            reactive::{effect, on, reactive, reactive_view},
            sentence::sentence,
        },
    },
};

lazy!(chat: FUNCTIONS, load_functions, fill_functions, RecipientFunctions = functions::FUNCTIONS);

/// The recipient picker. A page may have several of them.
#[component]
pub(crate) fn RecipientPicker(
    /// Makes the ids of the elements unique in the document.
    name: &'static str,
    /// Called when a conversation was opened or the picker was closed by Escape.
    #[prop(optional)]
    on_done: Option<Callback<()>>,
    /// Whether the field takes the focus at once.
    #[prop(optional)]
    takes_focus: bool,
) -> impl IntoView {
    let (store, t) = (expect_context::<ClientStore>(), texts());
    let functions = Lazy::new(&FUNCTIONS, load_functions);
    let choice = RecipientChoice::new(store, on_done, move |text| {
        functions.get_tracked().map(|functions| (functions.suggest)(store, t, text)).unwrap_or_default()
    });
    let field = NodeRef::<html::Input>::new();
    effect(move || {
        if let Some(field) = field.get().filter(|_| takes_focus) {
            // Focusing fails only if the field is no longer in the document.
            drop(field.focus());
        }
    });
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        functions.when_loaded(move |functions| match functions {
            Some(functions) => (functions.submit)(choice),
            None => choice.problem.set(Some(RecipientProblem::Unreachable)),
        });
    };
    let active_id = move || choice.active_index().filter(|_| choice.is_open()).map(|index| option_id(name, index));
    let on_key_down = move |event: &KeyboardEvent| {
        if let Some(functions) = functions.get() {
            (functions.on_key_down)(choice, event);
        }
    };
    let options = move || functions.get_tracked().map(|functions| (functions.options)(&choice, name));
    let (input, list, problem) =
        (format!("target-{name}"), format!("targets-{name}"), format!("target-problem-{name}"));
    view! {
        // `method="dialog"` outside a dialog does nothing, which is right as long as there is no WebAssembly.
        <form class="recipient" method="dialog" on:submit=on(submit)>
            <label class="visually-hidden" for=input.clone()>{t.recipient.recipient_label}</label>
            <input
                id=input
                node_ref=field
                class="field"
                role="combobox"
                autocomplete="off"
                autocapitalize="off"
                spellcheck="false"
                enterkeyhint="go"
                placeholder=t.recipient.recipient_placeholder
                title=t.recipient.recipient_hint
                aria-autocomplete="list"
                aria-controls=list.clone()
                aria-expanded=reactive(move || choice.is_open().to_string())
                aria-activedescendant=reactive(active_id)
                aria-invalid=reactive(move || choice.has_problem().to_string())
                aria-describedby=problem.clone()
                prop:value=choice.text
                on:input:target=move |event| choice.on_input(event.target().value())
                on:focus=move |_| choice.open.set(true)
                on:click=on(move |_| choice.open.set(true))
                on:blur=move |_| choice.close()
                on:keydown=move |event| on_key_down(&event)
            />
            <ul id=list class="recipient-options" role="listbox" aria-label=t.recipient.suggestions hidden=reactive(move || !choice.is_open())>
                {reactive_view(options)}
            </ul>
            <p id=problem class="problem small" role="alert">
                {reactive_view(move || choice.problem_text().map(|text| sentence(&text)))}
            </p>
        </form>
    }
}
