//! The actions of a conversation's menu. They load lazily.

use leptos::{ev::MouseEvent, prelude::*, task::spawn_local};

use crate::{
    client::{ClientStore, OwnSetting, RequestError},
    domain::{Conversation, ConversationId},
    ui::{
        i18n::{conversation_menu::CONVERSATION_MENU, texts},
        kit::{
            boxed::{Boxed, Boxing as _},
            icons,
            reactive::{memo, on, reactive, reactive_in_place},
        },
    },
};

/// The actions. `done` is called after one of them.
pub(super) fn actions(conversation: ConversationId, done: Callback<()>) -> Boxed {
    let (store, t) = (expect_context::<ClientStore>(), CONVERSATION_MENU.current());
    let problem = RwSignal::new(None::<RequestError>);
    let is = move |value: fn(&Conversation) -> bool| {
        memo(move || store.conversations.with(|all| all.get(conversation).is_some_and(value)))
    };
    let (is_muted, is_pinned) = (is(|it| it.muted), is(|it| it.pinned));
    let set = move |setting: OwnSetting| {
        problem.set(None);
        spawn_local(async move {
            match store.set_conversation(conversation, setting).await {
                Ok(()) => drop(done.try_run(())),
                Err(refusal) => drop(problem.try_set(Some(refusal))),
            }
        });
    };
    let mute = move || {
        let is_muted = is_muted.get();
        let (icon, label) = if is_muted { (icons::bell(), t.unmute) } else { (icons::muted(), t.mute) };
        action(icon, label, on(move |_| set(OwnSetting::Muted(!is_muted))))
    };
    let pin = move || {
        let is_pinned = is_pinned.get();
        let label = if is_pinned { t.unpin } else { t.pin };
        action(icons::to_top(), label, on(move |_| set(OwnSetting::Pinned(!is_pinned))))
    };
    let problem_text = move || {
        let code = problem.get()?.code();
        Some(texts().errors.refusal(code))
    };
    view! {
        {reactive_in_place(mute)}
        {reactive_in_place(pin)}
        <p class="problem small" role="alert">{reactive(problem_text)}</p>
    }
    .boxed()
}

fn action(icon: Boxed, label: &'static str, press: Box<dyn FnMut(MouseEvent)>) -> impl IntoView {
    view! {
        <button type="button" class="row" on:click=press>
            <span class="icon-box">{icon}</span>
            <span class="name">{label}</span>
        </button>
    }
}
