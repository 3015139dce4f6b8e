//! What ends a room for its members or for the user: archiving and leaving it, each after a question.

use leptos::{ev::MouseEvent, prelude::*, task::spawn_local};

use crate::{
    client::{ClientStore, RequestError, SettingChange},
    domain::ConversationId,
    ui::{
        context::router::Navigator,
        i18n::{room_screens::ending::ROOM_ENDING, texts},
        kit::{
            boxed::Boxing as _,
            dom::focus_by_id,
            reactive::{on, reactive, reactive_view},
        },
        rooms::{refusal::refusal_text, room::room as room_of},
    },
};

// The ids of elements.
const ARCHIVE_BUTTON: &str = "archive-room";
const LEAVE_BUTTON: &str = "leave-room";

/// Archives the room, after a question.
#[component]
pub(super) fn Archive(
    /// The room.
    room: ConversationId,
) -> impl IntoView {
    let (store, t) = (expect_context::<ClientStore>(), ROOM_ENDING.current());
    let archive = Callback::new(move |problem: RwSignal<Option<RequestError>>| {
        spawn_local(async move {
            let outcome = store.change_room(room, SettingChange::Archived(true)).await;
            problem.try_set(outcome.err());
        });
    });
    view! {
        <Confirmed
            id=ARCHIVE_BUTTON
            label=t.archive_room
            question=t.archive_question.to_owned()
            keep=texts().composer.cancel
            act=archive
        />
    }
}

/// Makes an archived room a room to write in again.
#[component]
pub(super) fn Restore(
    /// The room.
    room: ConversationId,
) -> impl IntoView {
    let (store, t) = (expect_context::<ClientStore>(), ROOM_ENDING.current());
    let problem = RwSignal::new(None::<RequestError>);
    let restore = move |_: MouseEvent| {
        problem.set(None);
        spawn_local(async move {
            let outcome = store.change_room(room, SettingChange::Archived(false)).await;
            problem.try_set(outcome.err());
        });
    };
    view! {
        <button type="button" class="button secondary" on:click=on(restore)>{t.restore_room}</button>
        <p class="problem small" role="alert">{reactive(move || problem.get().as_ref().map(refusal_text))}</p>
    }
}

/// Leaves the room, after a question, and opens the Lobby.
#[component]
pub(super) fn Leave(
    /// The room.
    room: ConversationId,
) -> impl IntoView {
    let (store, t) = (expect_context::<ClientStore>(), ROOM_ENDING.current());
    let navigator = expect_context::<Navigator>();
    let visibility =
        room_of(store, room).with_untracked(|room| room.as_ref().map(|room| room.visibility).unwrap_or_default());
    let leave = Callback::new(move |problem: RwSignal<Option<RequestError>>| {
        spawn_local(async move {
            if let Err(refusal) = navigator.leave(room, store.leave_room(room)).await {
                problem.try_set(Some(refusal));
            }
        });
    });
    view! {
        <Confirmed
            id=LEAVE_BUTTON
            label=t.leave
            question=(t.leave_question)(visibility).to_owned()
            keep=t.stay
            act=leave
        />
    }
}

/// A button that asks before it acts.
#[component]
fn Confirmed(
    /// The id of the button, and of the one in its place while it asks.
    id: &'static str,
    /// What the button does.
    label: &'static str,
    /// The question.
    question: String,
    /// The label of the button that does nothing.
    keep: &'static str,
    /// Does it, and sets the signal if that was refused.
    act: Callback<RwSignal<Option<RequestError>>>,
) -> impl IntoView {
    let asks = RwSignal::new(false);
    let problem = RwSignal::new(None::<RequestError>);
    // The pressed button is replaced by another with the same id, which gets the focus.
    let toggle = move |_: MouseEvent| {
        asks.set(!asks.get_untracked());
        problem.set(None);
        request_animation_frame(move || focus_by_id(id));
    };
    let question_id = format!("{id}-question");
    let view = move || {
        if !asks.get() {
            let button = view! {
                <button type="button" class="button secondary" id=id on:click=on(toggle)>{label}</button>
            };
            return button.boxed();
        }
        view! {
            <div class="question" role="group" aria-labelledby=question_id.clone()>
                <p id=question_id.clone() class="small">{question.clone()}</p>
                <button type="button" class="button secondary" id=id on:click=on(toggle)>{keep}</button>
                <button type="button" class="button danger" on:click=on(move |_: MouseEvent| act.run(problem))>{label}</button>
            </div>
        }
        .boxed()
    };
    view! {
        {reactive_view(view)}
        <p class="problem small" role="alert">{reactive(move || problem.get().as_ref().map(refusal_text))}</p>
    }
}
