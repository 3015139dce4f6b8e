//! The list of rooms in the sidebar, and the ways to further rooms.

use leptos::{ev::MouseEvent, prelude::*};

use crate::{
    client::ClientStore,
    domain::{ConversationId, Visibility},
    ui::{
        chat::{
            conversation_menu::{LazyActions, menu_button},
            sidebar::{draft_mark::draft_mark, marks::marks},
        },
        context::router::{DIRECTORY_PATH, LOBBY_PATH, Navigator, Route, conversation_path},
        i18n::{InSentence, texts},
        kit::{
            boxed::{Boxed, Boxing as _},
            icons,
            keyed_list::{KeyedRow, keyed_list},
            reactive::{memo, on, reactive, reactive_view},
        },
        rooms::{LazyRooms, room, room_icon, room_name},
    },
};

/// The rooms that the user is in. Their order is that of the directs below: those that are kept at the top, those that call for
/// attention, and then by newest message, with the Lobby first among its equals.
#[component]
pub(super) fn Rooms() -> impl IntoView {
    let (store, t) = (expect_context::<ClientStore>(), texts());
    let navigator = expect_context::<Navigator>();
    let actions = LazyActions::new();
    let item = move |id: ConversationId| {
        KeyedRow::new((0, id.as_uuid().as_u128()), move || row(store, navigator, id, actions))
    };
    let items = move || {
        let open = navigator.conversation.get();
        store
            .conversations
            .with(|conversations| conversations.listed_rooms(open).into_iter().map(|(room, _)| item(room.id)).collect())
    };
    let is_creating = RwSignal::new(false);
    let rooms = LazyRooms::new();
    let is_registered = memo(move || store.is_registered());
    let tools = move || {
        let current = move || (navigator.route.get() == Route::Directory).then_some("page");
        is_registered.get().then(|| {
            view! {
                <a class="link-button small" href=DIRECTORY_PATH aria-current=reactive(current)>{t.rooms.browse}</a>
                <button
                    type="button"
                    class="icon-button"
                    aria-label=t.rooms.new_room
                    title=t.rooms.new_room
                    on:click=on(move |_: MouseEvent| {
                        rooms.load();
                        is_creating.set(true);
                    })
                >
                    {icons::plus()}
                </button>
            }
        })
    };
    let dialog = move || is_creating.get().then(|| rooms.view(|rooms| (rooms.new_room)(is_creating)));
    view! {
        <div class="list-head">
            <h2>{t.sidebar.rooms}</h2>
            {reactive_view(tools)}
        </div>
        <ul>{keyed_list(items)}</ul>
        {reactive_view(dialog)}
    }
}

/// A link to a room.
fn row(store: ClientStore, navigator: Navigator, id: ConversationId, actions: LazyActions) -> Boxed {
    let (t, room) = (texts(), room(store, id));
    let current = move || (navigator.conversation.get() == Some(id)).then_some("page");
    let path = if room.with_untracked(|room| room.as_ref().is_some_and(|room| room.lobby)) {
        LOBBY_PATH.to_owned()
    } else {
        conversation_path(id)
    };
    let label = move || {
        let Some(room) = room.get() else { return ().boxed() };
        let (name, is_private) = (room_name(&room, t).to_owned(), room.visibility == Visibility::Private);
        let key = format!("{is_private} {} {name}", room.archived);
        let notes = [(is_private, t.rooms.private), (room.archived, t.rooms.archived)];
        let notes = notes.into_iter().filter(|(is_so, _)| *is_so);
        let notes = notes.map(|(_, note)| view! { " " <span class="visually-hidden">{note}</span> }).collect_view();
        view! {
            <span class="icon-box">{room_icon(room.visibility)}</span>
            <span class="name"><bdi>{name}</bdi></span>
            {notes}
        }
        .boxed_as(&key)
    };
    let options = move || {
        room.with(|room| room.as_ref().map(|room| (t.sidebar.options)(InSentence(room_name(room, t)))))
            .unwrap_or_default()
    };
    view! {
        <li class="with-menu">
            <a class="row" href=path aria-current=reactive(current)>
                {reactive(label)}
                {draft_mark(store, navigator, id)}
                {marks(store, move || vec![id])}
            </a>
            {menu_button(id, actions, "list", options)}
        </li>
    }
    .boxed()
}
