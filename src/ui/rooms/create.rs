//! The dialog that creates a room.

use leptos::{
    ev::{Event, MouseEvent, SubmitEvent},
    prelude::*,
    task::spawn_local,
};
use wasm_bindgen::JsCast as _;
use web_sys::HtmlDialogElement;

use crate::{
    client::ClientStore,
    domain::Visibility,
    protocol::ErrorCode,
    ui::{
        context::router::{Navigator, conversation_path},
        i18n::{room_screens::settings::ROOM_SETTINGS, texts},
        kit::{
            boxed::{Boxed, Boxing as _},
            dom::{focus_by_id, input_by_id, input_value},
            form_request::FormRequest,
            reactive::{on, reactive},
        },
        rooms::{refusal::refusal_text, text_field::TextField},
    },
};

// The ids of elements.
const DIALOG: &str = "new-room";
const NAME: &str = "new-room-name";
const TOPIC: &str = "new-room-topic";
const PRIVATE: &str = "new-room-private";

const NAME_ERRORS: &[ErrorCode] = &[ErrorCode::InvalidRoomName, ErrorCode::RoomNameTaken];
const TOPIC_ERRORS: &[ErrorCode] = &[ErrorCode::TopicTooLong];

/// The dialog that creates a room, and opens it. Closing the dialog sets `is_open` to `false`.
pub(super) fn new_room(is_open: RwSignal<bool>) -> Boxed {
    let (store, t) = (expect_context::<ClientStore>(), ROOM_SETTINGS.current());
    let navigator = expect_context::<Navigator>();
    let request = FormRequest::new(None);
    // In the next frame, when the element is in the document.
    request_animation_frame(|| {
        if let Some(dialog) = dialog() {
            // Fails only if it is open already.
            drop(dialog.show_modal());
            focus_by_id(NAME);
        }
    });
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if !request.start() {
            return;
        }
        let is_private = input_by_id(PRIVATE).is_some_and(|field| field.checked());
        let visibility = if is_private { Visibility::Private } else { Visibility::Public };
        spawn_local(async move {
            match store.create_room(input_value(NAME), input_value(TOPIC), visibility).await {
                Ok(room) => {
                    // Closing gives the focus back, so it comes before the room takes the focus.
                    close_dialog();
                    is_open.set(false);
                    navigator.go_to(&conversation_path(room));
                }
                Err(refusal) => {
                    let is_about_topic = refusal.code().is_some_and(|code| TOPIC_ERRORS.contains(&code));
                    request.finish(Some(refusal));
                    focus_by_id(if is_about_topic { TOPIC } else { NAME });
                }
            }
        });
    };
    let problem = move || {
        let refusal = request.refusal()?;
        match refusal.code() {
            Some(code) if NAME_ERRORS.contains(&code) || TOPIC_ERRORS.contains(&code) => None,
            Some(ErrorCode::Forbidden) => Some(t.not_allowed_to_create.to_owned()),
            _ => Some(refusal_text(&refusal)),
        }
    };
    let choice = |visibility: Visibility, id: &'static str, checked| {
        view! {
            <label class="option">
                <input type="radio" name="new-room-visibility" id=id checked=checked/>
                <b>{(t.visibility)(visibility)}</b>
                <span class="quiet small">{(t.visibility_effect)(visibility)}</span>
            </label>
        }
        .boxed()
    };
    view! {
        <dialog
            id=DIALOG
            class="dialog"
            aria-labelledby="new-room-title"
            on:close=on(move |_: Event| is_open.set(false))
        >
            <form class="fields" method="dialog" on:submit=on(submit)>
                <h2 id="new-room-title">{t.new_room}</h2>
                <TextField id=NAME label=t.name placeholder=t.name_hint request codes=NAME_ERRORS/>
                <TextField id=TOPIC label=t.topic placeholder=t.topic_hint request codes=TOPIC_ERRORS/>
                <fieldset class="options">
                    <legend>{t.who_can_see}</legend>
                    {choice(Visibility::Public, "new-room-public", true)}
                    {choice(Visibility::Private, PRIVATE, false)}
                </fieldset>
                <p class="problem small" role="alert">{reactive(problem)}</p>
                <div class="buttons">
                    <button type="button" class="button secondary" on:click=on(|_: MouseEvent| close_dialog())>{texts().composer.cancel}</button>
                    <button type="submit" class="button" aria-disabled=reactive(move || request.is_blocked().to_string())>
                        {reactive(move || request.button_label(texts(), t.create, t.creating))}
                    </button>
                </div>
            </form>
        </dialog>
    }
    .boxed()
}

fn dialog() -> Option<HtmlDialogElement> {
    document().get_element_by_id(DIALOG)?.dyn_into().ok()
}

fn close_dialog() {
    if let Some(dialog) = dialog() {
        dialog.close();
    }
}
