//! The view of the recipient picker.
//!
//! It is a combobox with a list, after the ARIA Authoring Practices: arrow keys move through the list, Enter takes an entry,
//! Escape closes the list.

use leptos::{ev::SubmitEvent, html, prelude::*};

use crate::{
    client::ClientStore,
    ui::{
        chat::recipient::choice::{Recipient, RecipientChoice},
        i18n::texts,
        kit::{
            avatar::Avatar,
            boxed::Boxing as _,
            icons,
            reactive::{effect, on, reactive, reactive_view},
            sentence::sentence,
            user_name::UserName,
        },
    },
};

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
    let choice = RecipientChoice::new(store, on_done);
    let field = NodeRef::<html::Input>::new();
    effect(move || {
        if let Some(field) = field.get().filter(|_| takes_focus) {
            // Focusing fails only if the field is no longer in the document.
            drop(field.focus());
        }
    });
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        choice.submit();
    };
    let option_id = move |index: usize| format!("target-{name}-{index}");
    let active_id = move || choice.active_index().filter(|_| choice.is_open()).map(option_id);
    let option = move |(index, recipient): (usize, Recipient)| {
        let label = match recipient.clone() {
            Recipient::Everyone => view! {
                <span class="icon-box">{icons::hash()}</span>
                <span class="name">{t.users.everyone}</span>
            }
            .boxed(),
            Recipient::User(user) => {
                let is_namesake = store.conversations.with(|conversations| conversations.is_namesake(&user));
                view! {
                    <Avatar id=user.id nickname=user.nickname.clone() small=true online=true/>
                    <UserName user class="name"/>
                    {is_namesake.then(|| view! { <span class="quiet small">{t.users.namesake}</span> })}
                }
                .boxed()
            }
        };
        view! {
            <li
                id=option_id(index)
                class="row"
                role="option"
                aria-selected=reactive(move || (choice.active_index() == Some(index)).to_string())
                on:pointerdown=move |event| {
                    // By default the field would lose the focus, which closes the list before the click. An active option
                    // also keeps the list from changing under the finger.
                    event.prevent_default();
                    choice.active.set(Some(index));
                }
                on:click=on(move |_| choice.open_conversation_with(recipient.clone()))
            >
                {label}
            </li>
        }
    };
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
                on:keydown=move |event| choice.on_key_down(&event)
            />
            <ul id=list class="recipient-options" role="listbox" aria-label=t.recipient.suggestions hidden=reactive(move || !choice.is_open())>
                {reactive_view(move || choice.suggestions.get().into_iter().enumerate().map(option).collect_view())}
            </ul>
            <p id=problem class="problem small" role="alert">
                {reactive_view(move || choice.problem_text().map(|text| sentence(&text)))}
            </p>
        </form>
    }
}
