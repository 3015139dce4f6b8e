//! The open conversation: its header, notes, timeline and composer.

use std::{future::Future, pin::Pin};

use leptos::{ev::MouseEvent, prelude::*, task::spawn_local};

use crate::{
    client::{ClientStore, ConnectionStatus, RequestError},
    domain::{Companion, ConversationId, UserId},
    ui::{
        chat::{
            companion::companion,
            composer::{Composer, Draft},
            conversation_menu::{LazyActions, menu_button},
            pins::Pins,
            thread::LazyThread,
            timeline::MessageList,
        },
        context::router::{Navigator, conversation_path},
        i18n::texts,
        kit::{
            avatar::Avatar,
            boxed::Boxing as _,
            icons,
            reactive::{memo, on, reactive, reactive_view},
            sentence::sentence,
            user_name::UserName,
        },
        rooms::{LazyRooms, Panel, room, room_icon, room_name, room_topic},
    },
};

/// A request to the server.
type PendingRequest = Pin<Box<dyn Future<Output = Result<(), RequestError>>>>;

/// A button of a note: its label, and what a click does.
type NoteButton = (&'static str, Box<dyn FnMut(MouseEvent)>);

/// The note about a command that failed in another conversation than the open one, with buttons to go there and to discard
/// it. Failures in the open conversation show on its rows and in its composer.
fn failed_elsewhere(
    store: ClientStore,
    navigator: Navigator,
    open: ConversationId,
) -> Option<(String, Vec<NoteButton>)> {
    let t = texts();
    let failed = store.outbox.with(|outbox| outbox.failed_outside(open).cloned())?;
    let what = if failed.target().is_none() { t.timeline.not_sent } else { t.timeline.not_changed };
    let why = (t.errors.error)(failed.failure()?);
    let text = failed.body().map(|body| format!("“{body}” ")).unwrap_or_default();
    let mut buttons: Vec<NoteButton> = Vec::new();
    if let Some(path) = path_of(store, failed.conversation) {
        buttons.push((t.conversation.open, on(move |_| navigator.go_to(&path))));
    }
    buttons.push((t.timeline.discard, on(move |_| drop(store.withdraw(failed.id)))));
    Some((format!("{what} {why} {text}"), buttons))
}

/// The path of a conversation, if the user is a member.
fn path_of(store: ClientStore, conversation: ConversationId) -> Option<String> {
    store.conversations.with(|conversations| conversations.get(conversation).map(|it| conversation_path(it.id)))
}

/// The open conversation.
#[component]
pub(super) fn ConversationPane(
    /// The conversation.
    conversation: ConversationId,
) -> impl IntoView {
    let (store, t) = (expect_context::<ClientStore>(), texts());
    let navigator = expect_context::<Navigator>();
    let companion = companion(store, conversation);
    let draft = Draft::new(store, conversation.into());

    let room = room(store, conversation);
    let rooms = LazyRooms::new();
    let panel = RwSignal::new(None::<Panel>);
    let pins = Pins::new(store, navigator, conversation, room, panel);
    let title = move || match (room.get(), companion.get()) {
        (Some(room), _) => {
            let name = room_name(&room, t).to_owned();
            let key = format!("{} {name}", room.visibility.name());
            view! { <span class="icon-box">{room_icon(room.visibility)}</span> <bdi>{name}</bdi> }.boxed_as(&key)
        }
        (None, None) => ().boxed(),
        (None, Some(Companion { user, .. })) => {
            let id = user.id;
            let is_online = Signal::derive(move || store.presence.with(|presence| presence.is_online(id)));
            view! { <Avatar id nickname=user.nickname.clone() small=true online=is_online/> <UserName user/> }.boxed()
        }
    };
    let topic = move || match companion.get() {
        None => room.get().map(|room| room_topic(&room, t).to_owned()).unwrap_or_default(),
        Some(Companion { user, .. }) => {
            let is_namesake = store.conversations.with(|conversations| conversations.is_namesake(&user));
            let topic = if is_namesake { t.conversation.namesake_topic } else { t.conversation.private_topic };
            topic(t.name_in(&user.nickname))
        }
    };
    let status = move || match companion.get() {
        None => String::new(),
        Some(Companion { gone: true, .. }) => t.users.has_left.to_owned(),
        Some(Companion { user, .. }) => match store.presence.with(|presence| presence.is_online_if_known(user.id)) {
            Some(true) => t.users.online.to_owned(),
            Some(false) => t.users.offline.to_owned(),
            None => String::new(),
        },
    };
    // Hides or blocks. A frame then removes the direct from the list, in all tabs, and those that show it go to the Lobby.
    let removing = move |request: fn(ClientStore, ConversationId, UserId) -> PendingRequest| {
        on(move |_: MouseEvent| {
            let Some(companion) = companion.get_untracked() else { return };
            spawn_local(async move {
                if let Err(refusal) = request(store, conversation, companion.user.id).await {
                    draft.show_refusal(&refusal);
                }
            });
        })
    };
    let tools = move || {
        companion.get().map(|_| {
            let hide = removing(|store, direct, _| Box::pin(store.hide_direct(direct)));
            let block = removing(|store, _, user| Box::pin(store.set_blocked(user, true)));
            view! {
                <button type="button" class="icon-button" aria-label=t.conversation.hide title=t.conversation.hide on:click=hide>{icons::close()}</button>
                <button type="button" class="icon-button" aria-label=t.conversation.block title=t.conversation.block on:click=block>{icons::block()}</button>
            }
        })
    };
    let room_buttons = move || {
        let count = move || match room.get() {
            None => String::new(),
            // Everybody is in the Lobby, so it is more interesting who is there now.
            Some(room) if room.lobby => (t.conversation.online_count)(store.presence.with(|presence| presence.count())),
            Some(room) => (t.rooms.member_count)(room.member_count),
        };
        let is_room = memo(move || room.with(Option::is_some));
        reactive_view(move || {
            is_room.get().then(|| panel_buttons(rooms, navigator, conversation, panel, Box::new(count)))
        })
    };
    let thread = LazyThread::new();
    let panel_view = move || match (navigator.thread.get(), panel.get()) {
        (Some(first), _) => thread.view(conversation, first),
        (None, Some(shown)) => rooms.view(|rooms| (rooms.panel)(conversation, shown, panel)),
        (None, None) => ().boxed(),
    };
    let note = move || {
        let (text, buttons) = match (store.connection_status.get(), failed_elsewhere(store, navigator, conversation)) {
            (ConnectionStatus::Lost, _) => (t.connection.connection_lost.to_owned(), Vec::new()),
            (ConnectionStatus::Restarting, _) => (t.connection.restarting.to_owned(), Vec::new()),
            (_, Some(failed)) => failed,
            _ if store.shows_storage_warning() => {
                let understood: NoteButton = (t.connection.got_it, on(move |_| store.dismiss_storage_warning()));
                (format!("{} ", t.connection.storage_unavailable), vec![understood])
            }
            _ => return ().boxed(),
        };
        let key = text.clone();
        let button = |(label, press): NoteButton| {
            view! { <button type="button" class="link" on:click=press>{label}</button> " " }
        };
        let buttons = buttons.into_iter().map(button).collect_view();
        view! { <p class="banner small" role="status">{text} {buttons}</p> }.boxed_as(&key)
    };
    #[cfg(feature = "ssr")]
    let without_script = view! {
        <noscript><p class="banner small">{t.connection.needs_javascript} " " <a href="">{t.connection.reload}</a></p></noscript>
    };
    #[cfg(not(feature = "ssr"))]
    let without_script = ();
    view! {
        <section class="conversation" aria-labelledby="conversation-name">
            <header class="conversation-head">
                <a class="icon-button back" href="/" aria-label=t.conversation.back>{icons::back()}</a>
                <h1 id="conversation-name">{reactive_view(title)}</h1>
                <p class="topic quiet small">{reactive(move || sentence(&topic()))}</p>
                <p class="status quiet small">{reactive(status)}</p>
                {reactive_view(move || pins.button())}
                {reactive_view(tools)}
                {room_buttons()}
                {menu_button(conversation, LazyActions::new(), "head", move || t.conversation.options.to_owned())}
            </header>
            <div class="banners">{reactive(note)} {without_script}</div>
            <MessageList draft named=navigator.message/>
            <Composer draft/>
        </section>
        {reactive_view(panel_view)}
        {reactive_view(move || pins.panel())}
    }
}

/// The panel that is shown; a thread takes its place.
fn shown_panel(navigator: Navigator, panel: RwSignal<Option<Panel>>) -> Option<Panel> {
    panel.get().filter(|_| navigator.thread.with(Option::is_none))
}

/// The buttons that open the panel beside a room: its members, with their number, and what it is about.
fn panel_buttons(
    rooms: LazyRooms,
    navigator: Navigator,
    conversation: ConversationId,
    panel: RwSignal<Option<Panel>>,
    count: Box<dyn Fn() -> String + Send>,
) -> impl IntoView {
    let t = texts();
    let toggle = move |shown: Panel| {
        on(move |_: MouseEvent| {
            rooms.load();
            let is_open = untrack(|| shown_panel(navigator, panel)) == Some(shown);
            if navigator.thread.with_untracked(Option::is_some) {
                navigator.go_to(&conversation_path(conversation));
            }
            panel.set((!is_open).then_some(shown));
        })
    };
    let is_open = move |shown: Panel| reactive(move || (shown_panel(navigator, panel) == Some(shown)).to_string());
    view! {
        <button
            type="button"
            id=Panel::Members.button_id()
            class="members-button small"
            title=t.rooms.show_members
            aria-expanded=is_open(Panel::Members)
            on:click=toggle(Panel::Members)
        >
            {icons::people()} <span>{reactive(count)}</span>
        </button>
        <button
            type="button"
            id=Panel::About.button_id()
            class="icon-button"
            aria-label=t.rooms.about
            title=t.rooms.about
            aria-expanded=is_open(Panel::About)
            on:click=toggle(Panel::About)
        >
            {icons::info()}
        </button>
    }
}
