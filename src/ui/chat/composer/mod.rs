//! Where one writes, and to whom.

mod draft;
mod pre_boot;

use leptos::{
    ev::{MouseEvent, SubmitEvent},
    prelude::*,
};

use crate::{
    client::Store,
    domain::{Companion, ConversationId},
    protocol::ErrorCode,
    ui::{
        chat::recipient::TargetForm,
        context::router::companion,
        i18n::{InSentence, sentence, texts},
        kit::{
            avatar::Face,
            boxed::{Boxed, Boxing as _},
            icons,
            reactive::{effect, live, live_view, memo, on},
            user_name::Name,
        },
    },
};

pub(crate) use crate::ui::chat::composer::draft::Draft;
#[cfg(feature = "ssr")]
pub(crate) use crate::ui::chat::composer::pre_boot::in_textarea;

/// Who is typing there, in words; nothing if nobody is.
fn who_is_typing(store: Store, conversation: ConversationId) -> String {
    store.typing.with(|typing| {
        let t = texts();
        let names: Vec<_> = typing.of(conversation).into_iter().map(|user| t.name_in(&user.nickname)).collect();
        if names.is_empty() { String::new() } else { (t.typing)(&names) }
    })
}

/// Why nothing can be written to somebody who has left.
fn left_note(with: &Companion) -> Boxed {
    let t = texts();
    view! { <p class="closed" role="status">{sentence(&(t.left_note)(t.name_in(&with.user.nickname)))}</p> }.boxed()
}

/// What the button does that says to whom one writes.
fn change_target(with: Option<&Companion>) -> String {
    let t = texts();
    (t.change_target)(with.map_or(InSentence(t.everyone), |with| t.name_in(&with.user.nickname)))
}

/// Why the last one was refused, or whom the next one would go to in place of somebody who was about to be chosen.
fn problem(draft: Draft, with: Memo<Option<Companion>>, is_editing: Memo<bool>) -> Option<String> {
    let t = texts();
    if let Some(wanted) = draft.meant_for.get() {
        let goes_to = |with: &Option<Companion>| {
            (t.goes_to)(with.as_ref().map(|with| t.name_in(&with.user.nickname)), InSentence(&wanted))
        };
        return Some(with.with(goes_to));
    }
    draft.problem.get().map(|code| match code {
        ErrorCode::EmptyMessage if is_editing.get() => t.empty_edit.to_owned(),
        code => (t.error)(code),
    })
}

/// The message form of one conversation. It never closes: what is typed without a connection is kept and sent later.
#[component]
pub(crate) fn Composer(
    /// Where its messages go.
    conversation: ConversationId,
    /// What is being written there.
    draft: Draft,
) -> impl IntoView {
    let (store, t) = (expect_context::<Store>(), texts());
    let with = companion(store, conversation);
    let choosing = RwSignal::new(false);

    effect(move || {
        // On a phone the keyboard would cover what one came to read.
        let is_wide = window().inner_width().ok().and_then(|width| width.as_f64()).is_some_and(|width| width > 768.0);
        if draft.field.get().is_some() && is_wide {
            draft.focus();
        }
    });
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        draft.send();
        draft.focus();
    };
    let done_choosing = Callback::new(move |()| {
        choosing.set(false);
        draft.focus();
    });
    let chooser = move || {
        choosing.get().then(|| {
            view! { <div class="recipient-popup"><TargetForm name="composer" on_done=done_choosing takes_focus=true/></div> }
        })
    };
    let placeholder = move || match with.get() {
        None => t.write_to_everyone.to_owned(),
        Some(with) => (t.write_to)(t.name_in(&with.user.nickname)),
    };
    let target = move || match with.get() {
        None => view! {
            <span class="icon-box">{icons::hash()}</span>
            <span class="quiet">{t.to}</span>
            <b>{t.everyone}</b>
        }
        .boxed(),
        Some(Companion { user, .. }) => view! {
            <Face id=user.id nickname=user.nickname.clone() small=true/>
            <span class="quiet">{t.to}</span>
            <b><Name user/></b>
        }
        .boxed(),
    };
    let is_editing = memo(move || draft.edited().is_some());
    let editing = move || {
        is_editing.get().then(|| {
            let cancel = move |_: MouseEvent| {
                draft.cancel();
                draft.focus();
            };
            view! {
                <p class="editing small">
                    {icons::pencil()}
                    <span role="status">{t.editing}</span>
                    <button type="button" class="link" on:click=on(cancel)>{t.cancel}</button>
                </p>
            }
        })
    };
    let problem = move || problem(draft, with, is_editing);

    let is_closed = memo(move || with.with(|with| with.as_ref().is_some_and(|with| with.gone)));
    let why_closed = move || with.get().filter(|with| with.gone).map(|with| left_note(&with));

    // Where no program runs, nothing would ever say that there is something to send.
    let is_empty = move || (!cfg!(feature = "ssr") && draft.is_empty()).to_string();

    view! {
        <div class="composer">
            <p class="typing" role="status">{live(move || sentence(&who_is_typing(store, conversation)))}</p>
            {live_view(chooser)}
            {live_view(why_closed)}
            <form class="composer-form" hidden=live(move || is_closed.get()) on:submit=on(submit) {..pre_boot::attributes(conversation, with.get_untracked().as_ref())}>
                {pre_boot::hidden(store)}
                {live_view(editing)}
                <label class="visually-hidden" for="message">{t.message}</label>
                <div class="auto-grow" class:tall=live(move || draft.is_high()) data-text=live(move || draft.mirror())>
                    <textarea
                        id="message"
                        name="body"
                        node_ref=draft.field
                        rows="1"
                        dir="auto"
                        enterkeyhint="send"
                        placeholder=live(placeholder)
                        aria-describedby="message-problem"
                        aria-invalid=live(move || draft.problem.get().is_some().to_string())
                        prop:value=draft.text
                        on:input:target=move |event| draft.typed(event.target().value())
                        on:keydown=move |event| draft.pressed(&event)
                    >
                        {pre_boot::text(draft)}
                    </textarea>
                </div>
                <div class="composer-bar">
                    <button
                        type="button"
                        class="recipient-button"
                        aria-expanded=live(move || choosing.get().to_string())
                        aria-label=live(move || with.with(|with| change_target(with.as_ref())))
                        on:click=on(move |_| choosing.update(|choosing| *choosing = !*choosing))
                    >
                        {live_view(target)}
                        {icons::chevron()}
                    </button>
                    <button type="submit" class="button send" aria-disabled=live(is_empty)>
                        {icons::send()}
                        {live(move || if is_editing.get() { t.save } else { t.send })}
                    </button>
                </div>
            </form>
            <p id="message-problem" class="problem small" role="alert">
                {live(problem)}
            </p>
        </div>
    }
}
