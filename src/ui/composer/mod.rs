//! Where one writes, and to whom.

use leptos::{
    ev::{KeyboardEvent, SubmitEvent},
    html,
    prelude::*,
};

use super::{face::Face, i18n::texts, icons, place::companion, target::TargetForm};
use crate::{
    client::{Returned, Store},
    domain::{ConversationId, User},
    protocol::ErrorCode,
};

/// The message form of one conversation. It never closes: what is typed without a connection is kept and sent later.
#[component]
pub(super) fn Composer(
    /// Where its messages go.
    conversation: ConversationId,
) -> impl IntoView {
    let store = expect_context::<Store>();
    let with = companion(store, conversation);
    let field = NodeRef::<html::Textarea>::new();
    let text = RwSignal::new(store.drafts.with_value(|drafts| drafts.get(&conversation).cloned()).unwrap_or_default());
    let problem = RwSignal::new(None::<ErrorCode>);
    let choosing = RwSignal::new(false);

    let focus = move || {
        if let Some(field) = field.get_untracked() {
            // Focus can only fail where the field is gone.
            drop(field.focus());
        }
    };
    Effect::new(move || {
        // On a phone the keyboard would cover what one came to read.
        let is_wide = window().inner_width().ok().and_then(|width| width.as_f64()).is_some_and(|width| width > 768.0);
        if field.get().is_some() && is_wide {
            focus();
        }
    });
    Effect::new(move || {
        let draft = text.get();
        store.drafts.update_value(|drafts| drop(drafts.insert(conversation, draft)));
    });
    // A text that the server refused comes back, unless something else is being written already.
    Effect::new(move || {
        if let Some(Returned { body, code, .. }) =
            store.returned.get().filter(|returned| returned.conversation == conversation)
        {
            store.returned.set(None);
            problem.set(Some(code));
            text.update(|text| {
                let written = std::mem::replace(text, body);
                if !written.trim().is_empty() {
                    text.push_str(&format!("\n\n{written}"));
                }
            });
        }
    });

    let send = move || {
        let written = text.get_untracked();
        if written.trim().is_empty() {
            return;
        }
        problem.set(None);
        text.set(String::new());
        store.send(conversation, written);
    };
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        send();
        focus();
    };
    let keydown = move |event: KeyboardEvent| {
        // While an input method composes, Enter takes its suggestion; Safari tells so by the key code alone.
        let composing = event.is_composing() || event.key_code() == 229;
        if event.key() == "Enter" && !event.shift_key() && !composing {
            event.prevent_default();
            send();
        }
    };
    let placeholder = move || match with.get() {
        None => texts().write_to_everyone.to_owned(),
        Some(user) => (texts().write_to)(user.nickname.as_str()),
    };
    let target_name =
        move || with.get().map_or_else(|| texts().everyone.to_owned(), |user| user.nickname.as_str().to_owned());
    let target_face = move || match with.get() {
        None => view! { <span class="icon-box">{icons::hash()}</span> }.into_any(),
        Some(User { id, nickname }) => view! { <Face id nickname small=true/> }.into_any(),
    };
    let typing = move || {
        store.typing.with(|typing| {
            let names: Vec<&str> = typing.of(conversation).into_iter().map(|user| user.nickname.as_str()).collect();
            if names.is_empty() { String::new() } else { (texts().typing)(&names) }
        })
    };
    let done_choosing = Callback::new(move |()| {
        choosing.set(false);
        focus();
    });

    view! {
        <div class="composer">
            <p class="typing" role="status">{typing}</p>
            <Show when=move || choosing.get()>
                <div class="choosing">
                    <TargetForm name="composer" on_done=done_choosing/>
                </div>
            </Show>
            <form class="pot" on:submit=submit>
                <label class="unseen" for="message">{move || texts().message}</label>
                <div class="grow" data-text=text>
                    <textarea
                        id="message"
                        node_ref=field
                        rows="1"
                        dir="auto"
                        enterkeyhint="send"
                        placeholder=placeholder
                        aria-describedby="message-problem"
                        aria-invalid=move || problem.get().is_some().to_string()
                        prop:value=text
                        on:input:target=move |event| {
                            text.set(event.target().value());
                            problem.set(None);
                            store.type_in(conversation);
                        }
                        on:keydown=keydown
                    ></textarea>
                </div>
                <div class="composer-bar">
                    <button
                        type="button"
                        class="to"
                        aria-expanded=move || choosing.get().to_string()
                        aria-label=move || (texts().change_target)(&target_name())
                        on:click=move |_| choosing.update(|choosing| *choosing = !*choosing)
                    >
                        {target_face}
                        <span class="quiet">{move || texts().to}</span>
                        <b><bdi>{target_name}</bdi></b>
                        {icons::chevron()}
                    </button>
                    <button type="submit" class="button send" aria-disabled=move || text.with(|text| text.trim().is_empty()).to_string()>
                        {icons::send()}
                        {move || texts().send}
                    </button>
                </div>
            </form>
            <p id="message-problem" class="problem small" role="alert">{move || problem.get().map(|code| (texts().error)(code))}</p>
        </div>
    }
}
