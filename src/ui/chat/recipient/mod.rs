//! The target form: whom to talk to. Everyone, somebody who is here, or anybody by exact name.
//!
//! A combobox with a list, after the ARIA Authoring Practices: arrows choose, Enter takes, Escape closes.

mod choice;

use leptos::{ev::SubmitEvent, html, prelude::*};

use crate::{
    client::Store,
    ui::{
        chat::recipient::choice::{Choice, Recipient},
        i18n::{sentence, texts},
        kit::{
            avatar::Face,
            boxed::Boxing as _,
            icons,
            reactive::{effect, live, live_view, on},
            user_name::Name,
        },
    },
};

/// The target form. There may be several on a page; `name` tells them apart.
#[component]
pub(crate) fn TargetForm(
    /// Makes the ids of its parts unique in the document.
    name: &'static str,
    /// Called when a conversation was opened or the form was left by Escape.
    #[prop(optional)]
    on_done: Option<Callback<()>>,
    /// Whether it was opened to be typed in at once.
    #[prop(optional)]
    takes_focus: bool,
) -> impl IntoView {
    let (store, t) = (expect_context::<Store>(), texts());
    let choice = Choice::new(store, on_done);
    let field = NodeRef::<html::Input>::new();
    effect(move || {
        if let Some(field) = field.get().filter(|_| takes_focus) {
            // Focus can only fail where the field is gone.
            drop(field.focus());
        }
    });
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        choice.take();
    };
    let option_id = move |index: usize| format!("target-{name}-{index}");
    let active_id = move || choice.reached().filter(|_| choice.is_open()).map(option_id);
    let option = move |(index, target): (usize, Recipient)| {
        let shown = match target.clone() {
            Recipient::Everyone => view! {
                <span class="icon-box">{icons::hash()}</span>
                <span class="name">{t.everyone}</span>
            }
            .boxed(),
            Recipient::User(user) => {
                let is_namesake = store.conversations.with(|conversations| conversations.is_namesake(&user));
                view! {
                    <Face id=user.id nickname=user.nickname.clone() small=true here=true/>
                    <Name user class="name"/>
                    {is_namesake.then(|| view! { <span class="quiet small">{t.namesake}</span> })}
                }
                .boxed()
            }
        };
        view! {
            <li
                id=option_id(index)
                class="row"
                role="option"
                aria-selected=live(move || (choice.reached() == Some(index)).to_string())
                on:pointerdown=move |event| {
                    // The field would lose the focus, which closes the list; and the row is not to move under the finger.
                    event.prevent_default();
                    choice.active.set(Some(index));
                }
                on:click=on(move |_| choice.talk_to(target.clone()))
            >
                {shown}
            </li>
        }
    };
    let (input, list, problem) =
        (format!("target-{name}"), format!("targets-{name}"), format!("target-problem-{name}"));
    view! {
        // Without the program there is nowhere to go: a form of this method, in no dialog, does nothing.
        <form class="recipient" method="dialog" on:submit=on(submit)>
            <label class="visually-hidden" for=input.clone()>{t.talk_to}</label>
            <input
                id=input
                node_ref=field
                class="field"
                role="combobox"
                autocomplete="off"
                autocapitalize="off"
                spellcheck="false"
                enterkeyhint="go"
                placeholder=t.talk_to_placeholder
                title=t.talk_to_hint
                aria-autocomplete="list"
                aria-controls=list.clone()
                aria-expanded=live(move || choice.is_open().to_string())
                aria-activedescendant=live(active_id)
                aria-invalid=live(move || choice.has_problem().to_string())
                aria-describedby=problem.clone()
                prop:value=choice.text
                on:input:target=move |event| choice.typed(event.target().value())
                on:focus=move |_| choice.open.set(true)
                on:click=on(move |_| choice.open.set(true))
                on:blur=move |_| choice.close()
                on:keydown=move |event| choice.pressed(&event)
            />
            <ul id=list class="recipient-options" role="listbox" aria-label=t.suggestions hidden=live(move || !choice.is_open())>
                {live_view(move || choice.offered.get().into_iter().enumerate().map(option).collect_view())}
            </ul>
            <p id=problem class="problem small" role="alert">{live_view(move || choice.explanation().map(|text| sentence(&text)))}</p>
        </form>
    }
}
