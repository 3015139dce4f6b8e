//! The view of the composer.

use leptos::{
    ev::{MouseEvent, SubmitEvent},
    prelude::*,
};

use crate::{
    client::{ClientStore, TimelineId},
    domain::{Companion, ConversationId, Room, Visibility},
    protocol::ErrorCode,
    ui::{
        chat::{
            companion::companion,
            composer::{audience::Audience, draft::Draft, emoji_button::EmojiButton, pre_boot, reply_note::reply_note},
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

/// The id of the element that shows why a text was refused.
fn problem_id(draft: Draft) -> String {
    format!("{}-problem", draft.field_id())
}

/// The field for the text, which grows with it.
fn message_field(draft: Draft, placeholder: Box<dyn Fn() -> String + Send>) -> impl IntoView {
    let t = texts();
    let completion = draft.completion();
    let label = if draft.id.thread.is_some() { t.composer.write_in_thread } else { t.composer.message };
    view! {
        <label class="visually-hidden" for=draft.field_id()>{label}</label>
        <div
            class="auto-grow"
            class:tall=reactive(move || draft.is_tall())
            data-text=reactive(move || draft.mirrored_text())
        >
            <textarea
                id=draft.field_id()
                name="body"
                node_ref=draft.field
                rows="1"
                dir="auto"
                enterkeyhint=if draft.enter_sends() { "send" } else { "enter" }
                placeholder=reactive(placeholder)
                aria-describedby=problem_id(draft)
                aria-invalid=reactive(move || draft.problem.get().is_some().to_string())
                aria-autocomplete="list"
                aria-controls=reactive(move || completion.list_id())
                aria-activedescendant=reactive(move || completion.active_id())
                prop:value=draft.text
                on:input:target=move |event| draft.on_input(event.target().value())
                on:keydown=move |event| draft.on_key_down(&event)
                on:paste=move |event| draft.on_paste(&event)
                on:click=on(move |_: MouseEvent| completion.on_change())
                on:blur=move |_| completion.close()
            >
                {pre_boot::initial_text(draft)}
            </textarea>
        </div>
    }
}

/// The composer of one conversation or thread. It also works without a connection: the outbox sends the messages later.
#[component]
pub(crate) fn Composer(
    /// The text that is being written.
    draft: Draft,
) -> impl IntoView {
    let (store, t) = (expect_context::<ClientStore>(), texts());
    let TimelineId { conversation, thread } = draft.id;
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
    let placeholder = move || match thread {
        None => audience().placeholder(),
        Some(_) => t.composer.write_in_thread.to_owned(),
    };
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

    // In a thread one writes to those who are in the conversation anyway.
    let recipient_button = thread.is_none().then(|| {
        view! {
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
        }
    });

    // The server renders the button enabled, because without scripts nothing would enable it.
    let is_empty = move || (!cfg!(feature = "ssr") && draft.is_empty()).to_string();

    view! {
        <div class="composer">
            <p class="typing" role="status">{reactive(move || sentence(&typing_text(store, conversation)))}</p>
            {reactive_view(recipient_picker)}
            {reactive_view(move || draft.completion().view())}
            <p class="visually-hidden" role="status">{reactive(move || sentence(&draft.completion().status()))}</p>
            {reactive(closed_note)}
            <form
                class="composer-form"
                hidden=reactive(move || is_closed.get())
                on:submit=on(submit)
                {..pre_boot::form_attributes(conversation, &untrack(audience))}
            >
                {pre_boot::hidden_fields(store)}
                {reactive_view(editing_note)}
                {reactive(reply_note(draft))}
                {reactive_view(move || paste_offer(draft))}
                {message_field(draft, Box::new(placeholder))}
                <div class="composer-bar">
                    {recipient_button}
                    <EmojiButton draft/>
                    <button type="submit" class="button send" aria-disabled=reactive(is_empty)>
                        {icons::send()}
                        {reactive(move || if is_editing.get() { t.composer.save } else { t.composer.send })}
                    </button>
                </div>
            </form>
            <p id=problem_id(draft) class="problem small" role="alert">
                {reactive(problem_text)}
            </p>
        </div>
    }
}
