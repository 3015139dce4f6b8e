//! The panel beside a room: its members, or its topic and settings.

use leptos::{
    ev::{KeyboardEvent, MouseEvent},
    prelude::*,
};

use crate::{
    client::ClientStore,
    domain::ConversationId,
    ui::{
        i18n::{room_screens::members::ROOM_MEMBERS, texts},
        kit::{
            boxed::{Boxed, Boxing as _},
            dom::focus_by_id,
            icons,
            reactive::{on, reactive},
        },
        rooms::{
            about::About,
            members::Members,
            room::{Panel, room as room_of},
        },
    },
};

/// The id of the heading, which takes the focus when the panel opens.
const TITLE: &str = "room-panel-title";

/// The panel. Escape and a button close it, and give the focus back to the button that opened it.
pub(super) fn panel(room: ConversationId, shown: Panel, open: RwSignal<Option<Panel>>) -> Boxed {
    let t = ROOM_MEMBERS.current();
    let close = move || {
        open.set(None);
        focus_by_id(shown.button_id());
    };
    let on_key_down = move |event: KeyboardEvent| {
        if event.key() == "Escape" && !event.default_prevented() && !event.is_composing() {
            close();
        }
    };
    // In the next frame, when the element is in the document.
    request_animation_frame(|| focus_by_id(TITLE));
    let about = room_of(expect_context::<ClientStore>(), room);
    let count = move || match about.get() {
        // The Lobby's number changes without an event.
        Some(room) if shown == Panel::Members && !room.lobby => room.member_count.to_string(),
        _ => String::new(),
    };
    let (title, content) = match shown {
        Panel::Members => (t.members, view! { <Members room/> }.boxed()),
        Panel::About => (texts().rooms.about, view! { <About room/> }.boxed()),
    };
    view! {
        <aside id="room-panel" class="room-panel" aria-labelledby=TITLE on:keydown=on(on_key_down)>
            <header class="room-panel-head">
                <h2 id=TITLE tabindex="-1">{title}</h2>
                <p class="quiet small">{reactive(count)}</p>
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
            {content}
        </aside>
    }
    .boxed()
}
