//! The directory: the public rooms, and the private ones that the user is in.

use std::time::Duration;

use leptos::{ev::MouseEvent, prelude::*, task::spawn_local};

use crate::{
    client::{ClientStore, RequestError, directory as fetch_directory},
    domain::{DirectoryPage, DirectoryRoom},
    ui::{
        context::router::conversation_path,
        i18n::{InSentence, room_screens::directory::ROOM_DIRECTORY, texts},
        kit::{
            boxed::{Boxed, Boxing as _},
            dom::focus_by_id,
            icons,
            keyed_list::{KeyedRow, keyed_list},
            reactive::{effect, memo, on, reactive, reactive_view},
            sentence::sentence,
            skeleton::skeleton,
        },
        rooms::{
            refusal::refusal_text,
            room::{directory_room_name, room_icon},
        },
    },
};

/// How long to wait for another letter before searching.
const SEARCH_DELAY: Duration = Duration::from_millis(200);

/// What has been fetched of the directory. A handle: copies share the same state.
#[derive(Clone, Copy)]
struct Listing {
    /// The text to search for.
    search: RwSignal<String>,
    /// Whether to list archived rooms.
    archived: RwSignal<bool>,
    /// The rooms; `None` until the first answer.
    rooms: RwSignal<Option<Vec<DirectoryRoom>>>,
    /// The cursor for the rest.
    after: RwSignal<Option<String>>,
    refusal: RwSignal<Option<RequestError>>,
    /// Counts the requests: answers to earlier ones are dropped.
    request: StoredValue<u32>,
}

impl Listing {
    fn new() -> Self {
        Self {
            search: RwSignal::default(),
            archived: RwSignal::new(false),
            rooms: RwSignal::new(None),
            after: RwSignal::new(None),
            refusal: RwSignal::new(None),
            request: StoredValue::new(0),
        }
    }

    /// Fetches the beginning of the list, or the part after the cursor.
    fn fetch(self, after: Option<String>) {
        let (search, archived) = (self.search.get_untracked(), self.archived.get_untracked());
        let Some(request) = self.request.try_update_value(|count| {
            *count += 1;
            *count
        }) else {
            return;
        };
        spawn_local(async move {
            let answer = fetch_directory(search.trim(), archived, after.as_deref()).await;
            if self.request.try_get_value() != Some(request) {
                return;
            }
            match answer {
                Ok(DirectoryPage { rooms, after: next }) => {
                    self.rooms.update(|known| match known {
                        Some(known) if after.is_some() => known.extend(rooms),
                        known => *known = Some(rooms),
                    });
                    self.after.set(next);
                    self.refusal.set(None);
                }
                Err(refusal) => self.refusal.set(Some(refusal)),
            }
        });
    }
}

/// The directory, in place of a conversation.
pub(super) fn directory() -> Boxed {
    let (store, t) = (expect_context::<ClientStore>(), ROOM_DIRECTORY.current());
    let listing = Listing::new();
    let is_registered = memo(move || store.is_registered());
    effect(move || {
        listing.archived.track();
        if is_registered.get() {
            listing.rooms.set(None);
            listing.fetch(None);
        }
    });
    let timer = StoredValue::new(None::<TimeoutHandle>);
    let search = move |text: String| {
        listing.search.set(text);
        let next = set_timeout_with_handle(move || listing.fetch(None), SEARCH_DELAY).ok();
        if let Some(timer) = timer.try_update_value(|timer| std::mem::replace(timer, next)).flatten() {
            timer.clear();
        }
    };
    on_cleanup(move || {
        if let Some(timer) = timer.try_get_value().flatten() {
            timer.clear();
        }
    });
    let tab = move |archived: bool, label: &'static str| {
        view! {
            <button
                type="button"
                class="tab"
                aria-pressed=reactive(move || (listing.archived.get() == archived).to_string())
                on:click=on(move |_: MouseEvent| {
                    if listing.archived.get_untracked() != archived {
                        listing.archived.set(archived);
                    }
                })
            >
                {label}
            </button>
        }
        .boxed()
    };
    let screen = move || {
        if !is_registered.get() {
            return view! {
                <div class="empty">
                    <p>{t.accounts_only}</p>
                    <p class="quiet small">{t.how_to_register}</p>
                </div>
            }
            .boxed();
        }
        view! {
            <div class="directory">
                <div class="directory-tools">
                    <label class="visually-hidden" for="room-search">{t.search}</label>
                    <input
                        id="room-search"
                        class="field"
                        type="search"
                        autocomplete="off"
                        placeholder=t.search
                        prop:value=listing.search
                        on:input:target=move |event| search(event.target().value())
                    />
                    <div class="tabs" role="group" aria-label=t.rooms>
                        {tab(false, t.rooms)}
                        {tab(true, t.archive)}
                    </div>
                </div>
                {list(listing)}
            </div>
        }
        .boxed()
    };
    view! {
        <section class="conversation" aria-labelledby="conversation-name">
            <header class="conversation-head">
                <a class="icon-button back" href="/" aria-label=texts().conversation.back>{icons::back()}</a>
                <h1 id="conversation-name"><span class="icon-box">{icons::search()}</span> {t.rooms}</h1>
            </header>
            {reactive_view(screen)}
        </section>
    }
    .boxed()
}

/// The rooms that were found, and what to do if there are none.
fn list(listing: Listing) -> Boxed {
    let (store, t) = (expect_context::<ClientStore>(), ROOM_DIRECTORY.current());
    let items = move || {
        let item = |room: DirectoryRoom| {
            // The row is made again when what it shows has changed.
            let version = u8::from(room.joined) + 1;
            KeyedRow::new((version, room.id.as_uuid().as_u128()), move || row(room))
        };
        listing.rooms.get().into_iter().flatten().map(item).collect()
    };
    let state = move || {
        if let Some(refusal) = listing.refusal.get() {
            let retry = move |_: MouseEvent| listing.fetch(None);
            return view! {
                <p class="beginning small" role="alert">
                    {refusal_text(&refusal)} " "
                    <button type="button" class="link" on:click=on(retry)>{texts().timeline.retry}</button>
                </p>
            }
            .boxed();
        }
        let is_other =
            |room: &&DirectoryRoom| store.conversations.with(|all| all.lobby().map(|lobby| lobby.id)) != Some(room.id);
        let counts = |rooms: &Vec<DirectoryRoom>| (rooms.len(), rooms.iter().filter(is_other).count());
        let is_searching = !listing.search.with_untracked(|search| search.trim().is_empty());
        match listing.rooms.with(|rooms| rooms.as_ref().map(counts)) {
            None => skeleton(t.loading),
            // The Lobby is no reason not to create a room.
            Some((_, 0)) if !is_searching || listing.rooms.with(|rooms| rooms.as_ref().is_none_or(Vec::is_empty)) => {
                let search = listing.search.get_untracked();
                let text = match (search.trim(), listing.archived.get_untracked()) {
                    ("", false) => t.no_rooms.to_owned(),
                    ("", true) => t.no_archived_rooms.to_owned(),
                    (search, _) => (t.nothing_found)(InSentence(search)),
                };
                view! { <p class="beginning quiet" role="status">{sentence(&text)}</p> }.boxed()
            }
            Some((count, _)) => {
                let text = (t.found)(count, listing.after.with(Option::is_some));
                view! { <p class="visually-hidden" role="status">{text}</p> }.boxed()
            }
        }
    };
    let more = move || {
        listing.after.get().map(|after| {
            let more = move |_: MouseEvent| listing.fetch(Some(after.clone()));
            view! { <p class="beginning"><button type="button" class="link" on:click=on(more)>{texts().sidebar.show_more}</button></p> }
        })
    };
    view! {
        {reactive_view(state)}
        <ul class="directory-list">{keyed_list(items)}</ul>
        {reactive_view(more)}
    }
    .boxed()
}

/// A room of the directory: a link to it, and a button to join.
fn row(room: DirectoryRoom) -> Boxed {
    let (store, t) = (expect_context::<ClientStore>(), ROOM_DIRECTORY.current());
    let DirectoryRoom { id, topic, visibility, joined, member_count, archived, .. } = room.clone();
    let name = directory_room_name(store, &room, texts());
    let problem = RwSignal::new(None::<RequestError>);
    let is_joined = memo(move || joined || store.conversations.with(|all| all.get(id).is_some()));
    let join_label = (t.join_room)(InSentence(&name));
    let link_id = format!("room-{id}");
    let own_id = link_id.clone();
    let join = move |_: MouseEvent| {
        problem.set(None);
        let link_id = link_id.clone();
        spawn_local(async move {
            if let Err(refusal) = store.join_public_room(id).await {
                problem.try_set(Some(refusal));
            }
            // After success the button with the focus disappears.
            focus_by_id(&link_id);
        });
    };
    let action = move || {
        if is_joined.get() {
            return view! { <span class="joined small">{t.joined}</span> }.boxed();
        }
        view! {
            <button type="button" class="button secondary" aria-label=join_label.clone() on:click=on(join.clone())>{t.join}</button>
        }
        .boxed()
    };
    view! {
        <li class="directory-room">
            <span class="icon-box">{room_icon(visibility)}</span>
            <div class="directory-text">
                <p class="directory-name">
                    <a id=own_id href=conversation_path(id)><bdi>{name}</bdi></a>
                    {archived.then(|| view! { <small class="role">{t.archived}</small> })}
                </p>
                <p class="quiet small"><bdi>{topic.as_str().to_owned()}</bdi></p>
                <p class="problem small" role="alert">{reactive(move || problem.get().as_ref().map(refusal_text))}</p>
            </div>
            <span class="quiet small">{(t.member_count)(member_count)}</span>
            {reactive_view(action)}
        </li>
    }
    .boxed()
}
