//! A thread beside its conversation, or over it where there is no space for both.

use leptos::{
    ev::{KeyboardEvent, MouseEvent},
    prelude::*,
    task::spawn_local,
};

use crate::{
    client::{ClientStore, RequestError, TimelineId},
    domain::{ConversationId, Seq},
    ui::{
        chat::{
            companion::companion,
            composer::{Composer, Draft},
            timeline::MessageList,
        },
        context::router::{Navigator, conversation_path},
        i18n::{texts, threads::THREADS},
        kit::{
            boxed::{Boxed, Boxing as _},
            dom::focus_by_id,
            icons,
            reactive::{memo, on, reactive, reactive_in_place},
        },
        rooms::{room, room_name},
    },
};

/// The id of the heading, which takes the focus when the panel opens.
const TITLE: &str = "thread-title";

/// The thread that begins with the message `first`. Escape and a button close it.
pub(super) fn thread_panel(conversation: ConversationId, first: Seq) -> Boxed {
    let (store, t) = (expect_context::<ClientStore>(), THREADS.current());
    let navigator = expect_context::<Navigator>();
    let draft = Draft::new(store, TimelineId::of_thread(conversation, first));
    on_cleanup(move || store.close_thread(conversation, first));
    let close = move || {
        navigator.go_to(&conversation_path(conversation));
        focus_by_id("message");
    };
    let on_key_down = move |event: KeyboardEvent| {
        if event.key() == "Escape" && !event.default_prevented() && !event.is_composing() {
            close();
        }
    };
    // In the next frame, when the element is in the document. Where there is space, the composer then takes the focus.
    request_animation_frame(|| {
        let is_outside = document()
            .active_element()
            .is_none_or(|active| active.closest(".thread-panel").is_ok_and(|it| it.is_none()));
        if is_outside {
            focus_by_id(TITLE);
        }
    });
    let (room, companion) = (room(store, conversation), companion(store, conversation));
    let conversation_name = move || match (room.get(), companion.get()) {
        (Some(room), _) => room_name(&room, texts()).to_owned(),
        (None, Some(companion)) => texts().name_of(&companion.user.nickname).to_owned(),
        (None, None) => String::new(),
    };
    let is_muted: Signal<bool> = store.is_thread_muted(conversation, first).into();
    let problem = RwSignal::new(None::<RequestError>);
    let toggle_mute = move |_: MouseEvent| {
        problem.set(None);
        let on = !is_muted.get_untracked();
        spawn_local(async move {
            if let Err(refusal) = store.mute_thread(conversation, first, on).await {
                problem.try_set(Some(refusal));
            }
        });
    };
    let mute_label = move || if is_muted.get() { t.unmute_thread } else { t.mute_thread };
    let mute_icon = move || if is_muted.get() { icons::muted() } else { icons::bell() };
    let problem_text = move || {
        let code = problem.get()?.code();
        Some(texts().errors.refusal(code))
    };
    view! {
        <aside id="thread" class="room-panel thread-panel" aria-labelledby=TITLE on:keydown=on(on_key_down)>
            <header class="room-panel-head">
                <h2 id=TITLE tabindex="-1">{texts().timeline.thread}</h2>
                <p class="quiet small" dir="auto">{reactive(conversation_name)}</p>
                <button
                    type="button"
                    class="icon-button"
                    aria-label=t.mute_thread
                    aria-pressed=reactive(move || is_muted.get().to_string())
                    aria-description=t.mute_effect
                    title=reactive(mute_label)
                    on:click=on(toggle_mute)
                >
                    {reactive_in_place(mute_icon)}
                </button>
                <button
                    type="button"
                    class="icon-button"
                    aria-label=t.close
                    title=t.close
                    on:click=on(move |_: MouseEvent| close())
                >
                    {icons::close()}
                </button>
            </header>
            <p class="problem small" role="alert">{reactive(problem_text)}</p>
            <MessageList draft named=memo(|| None)/>
            <Composer draft/>
        </aside>
    }
    .boxed()
}
