//! The view of the composer.

use leptos::{
    ev::{MouseEvent, SubmitEvent},
    prelude::*,
};

use crate::{
    client::ClientStore,
    domain::{Companion, ConversationId, Room, Visibility},
    protocol::ErrorCode,
    ui::{
        chat::{
            companion::companion,
            composer::{audience::Audience, draft::Draft, emoji_button::EmojiButton, pre_boot},
            recipient::RecipientPicker,
        },
        i18n::{InSentence, texts},
        kit::{
            avatar::Avatar,
            boxed::Boxing as _,
            icons,
            reactive::{effect, memo, on, reactive, reactive_view},
            sentence::sentence,
            user_name::UserName,
        },
        rooms::{room, room_icon},
    },
};

/// Who is typing in the conversation; empty if nobody is.
fn typing_text(store: ClientStore, conversation: ConversationId) -> String {
    store.typing.with(|typing| {
        let t = texts();
        let names: Vec<_> = typing.users_in(conversation).into_iter().map(|user| t.name_in(&user.nickname)).collect();
        if names.is_empty() { String::new() } else { (t.composer.typing)(&names) }
    })
}

/// The error of the last message; or the warning who would receive it, if the user has begun to choose another recipient.
fn problem_text(draft: Draft, audience: &Audience, is_editing: Memo<bool>) -> Option<String> {
    let t = texts();
    if let Some(recipient) = draft.unresolved_recipient.get() {
        return Some(audience.mismatch(InSentence(&recipient)));
    }
    draft.problem.get().map(|code| match code {
        ErrorCode::EmptyMessage if is_editing.get() => t.composer.empty_edit.to_owned(),
        code => (t.errors.error)(code),
    })
}

/// The line above the text while a message is being edited.
fn editing_note(draft: Draft, is_editing: Memo<bool>) -> Option<impl IntoView> {
    let t = texts();
    is_editing.get().then(|| {
        let cancel = move |_: MouseEvent| {
            draft.cancel_edit();
            draft.focus();
        };
        view! {
            <p class="editing small">
                {icons::pencil()}
                <span role="status">{t.composer.editing}</span>
                <button type="button" class="link" on:click=on(cancel)>{t.composer.cancel}</button>
            </p>
        }
    })
}

/// A button that makes a block of the code that was just pasted.
fn paste_offer(draft: Draft) -> Option<impl IntoView> {
    let t = texts();
    draft.editing().pasted_code.get().map(|_| {
        let wrap = move |_: MouseEvent| {
            if let Some(field) = draft.field.get_untracked() {
                draft.editing().wrap_pasted(&field);
            }
        };
        view! {
            <p class="paste-offer small" role="status">
                <button type="button" class="link" on:click=on(wrap)>{t.composer.paste_as_code}</button>
            </p>
        }
    })
}

/// The composer of one conversation. It also works without a connection: the outbox sends the messages later.
#[component]
pub(crate) fn Composer(
    /// The conversation.
    conversation: ConversationId,
    /// The text that is being written.
    draft: Draft,
) -> impl IntoView {
    let (store, t) = (expect_context::<ClientStore>(), texts());
    let companion = companion(store, conversation);
    let is_choosing = RwSignal::new(false);

    effect(move || {
        // Not on phones, where the keyboard would cover the messages that the user came to read.
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
        is_choosing.set(false);
        draft.focus();
    });
    let recipient_picker = move || {
        is_choosing.get().then(|| {
            view! {
                <div class="recipient-popup"><RecipientPicker name="composer" on_done=done_choosing takes_focus=true/></div>
            }
        })
    };
    let room = room(store, conversation);
    // Not a memo: each type of memo is more code for the browser to load.
    let audience = move || Audience::new(companion.get(), room.get());
    let placeholder = move || audience().placeholder();
    let recipient = move || {
        let (visibility, name) = match audience() {
            Audience::Lobby => (Visibility::Public, t.users.everyone.to_owned()),
            Audience::Room(Room { name, visibility, .. }) => (visibility, name.as_str().to_owned()),
            Audience::User(Companion { user, .. }) => {
                return view! {
                    <Avatar id=user.id nickname=user.nickname.clone() small=true/>
                    <span class="quiet">{t.composer.to}</span>
                    <b><UserName user/></b>
                }
                .boxed();
            }
        };
        let key = format!("{} {name}", visibility.name());
        view! {
            <span class="icon-box">{room_icon(visibility)}</span>
            <span class="quiet">{t.composer.to}</span>
            <b><bdi>{name}</bdi></b>
        }
        .boxed_as(&key)
    };

    let is_editing = memo(move || draft.edited_message().is_some());
    let editing_note = move || editing_note(draft, is_editing);
    let problem_text = move || problem_text(draft, &audience(), is_editing);

    let closed = move || audience().closed_note(store, room.get().as_ref());
    let is_closed = memo(move || closed().is_some());
    let closed_note = move || match closed() {
        Some(note) => view! { <p class="closed" role="status">{sentence(&note)}</p> }.boxed_as(&note),
        None => ().boxed(),
    };

    // The server renders the button enabled, because without scripts nothing would enable it.
    let is_empty = move || (!cfg!(feature = "ssr") && draft.is_empty()).to_string();

    view! {
        <div class="composer">
            <p class="typing" role="status">{reactive(move || sentence(&typing_text(store, conversation)))}</p>
            {reactive_view(recipient_picker)}
            {reactive(closed_note)}
            <form
                class="composer-form"
                hidden=reactive(move || is_closed.get())
                on:submit=on(submit)
                {..pre_boot::form_attributes(conversation, &untrack(audience))}
            >
                {pre_boot::hidden_fields(store)}
                {reactive_view(editing_note)}
                {reactive_view(move || paste_offer(draft))}
                <label class="visually-hidden" for="message">{t.composer.message}</label>
                <div
                    class="auto-grow"
                    class:tall=reactive(move || draft.is_tall())
                    data-text=reactive(move || draft.mirrored_text())
                >
                    <textarea
                        id="message"
                        name="body"
                        node_ref=draft.field
                        rows="1"
                        dir="auto"
                        enterkeyhint=if draft.enter_sends() { "send" } else { "enter" }
                        placeholder=reactive(placeholder)
                        aria-describedby="message-problem"
                        aria-invalid=reactive(move || draft.problem.get().is_some().to_string())
                        prop:value=draft.text
                        on:input:target=move |event| draft.on_input(event.target().value())
                        on:keydown=move |event| draft.on_key_down(&event)
                        on:paste=move |event| draft.on_paste(&event)
                    >
                        {pre_boot::initial_text(draft)}
                    </textarea>
                </div>
                <div class="composer-bar">
                    <button
                        type="button"
                        class="recipient-button"
                        aria-expanded=reactive(move || is_choosing.get().to_string())
                        aria-label=reactive(move || audience().change_label())
                        on:click=on(move |_| is_choosing.update(|is_choosing| *is_choosing = !*is_choosing))
                    >
                        {reactive(recipient)}
                        {icons::chevron()}
                    </button>
                    <EmojiButton draft/>
                    <button type="submit" class="button send" aria-disabled=reactive(is_empty)>
                        {icons::send()}
                        {reactive(move || if is_editing.get() { t.composer.save } else { t.composer.send })}
                    </button>
                </div>
            </form>
            <p id="message-problem" class="problem small" role="alert">
                {reactive(problem_text)}
            </p>
        </div>
    }
}
