//! The chat screen: the sidebar beside the open conversation, or one of them on a phone.

use leptos::{ev::MouseEvent, prelude::*, task::spawn_local};

use crate::{
    client::{ClientStore, ConnectionStatus},
    domain::ConversationId,
    ui::{
        chat::{conversation::ConversationPane, sidebar::Sidebar},
        context::router::{Navigator, Route},
        i18n::texts,
        kit::{
            boxed::Boxing as _,
            icons,
            reactive::{effect, memo, on, reactive, reactive_view},
        },
        rooms::LazyRooms,
    },
};

/// The page of a signed-in user.
#[component]
pub(crate) fn ChatScreen() -> impl IntoView {
    let store = expect_context::<ClientStore>();
    let navigator = expect_context::<Navigator>();

    // The style sheet uses this on phones, which show one of the two.
    let shown = move || if navigator.route.get() == Route::Sidebar { "list" } else { "conversation" };
    let is_online = memo(move || store.connection_status.get() == ConnectionStatus::Online);
    let pane = memo(move || {
        let is_in_lobby = store.conversations.with(|conversations| conversations.lobby().is_some());
        match (navigator.conversation.get(), navigator.route.get()) {
            (Some(conversation), _) => Pane::Conversation(conversation),
            (None, Route::Directory) => Pane::Directory,
            // Without the Lobby, the list has not come yet, or the user was removed from it.
            (None, _) if !is_in_lobby && !is_online.get() => Pane::Connecting,
            (None, Route::Conversation(id)) if Some(id) != navigator.lobby => Pane::Outsider(id),
            _ => Pane::RemovedFromLobby,
        }
    });
    let rooms = LazyRooms::new();
    effect(move || {
        if let Pane::Directory | Pane::Outsider(_) = pane.get() {
            rooms.load();
        }
    });
    let pane = move || match pane.get() {
        Pane::Conversation(conversation) => view! { <ConversationPane conversation/> }.boxed(),
        Pane::Directory => rooms.view(|rooms| (rooms.directory)()),
        Pane::Outsider(room) => rooms.view(|rooms| (rooms.outsider)(room)),
        Pane::Connecting => view! { <Connecting/> }.boxed(),
        Pane::RemovedFromLobby => view! { <RemovedFromLobby/> }.boxed(),
    };
    view! {
        <main class="chat" data-show=reactive(shown) data-online=reactive(move || is_online.get().to_string())>
            <Sidebar/>
            {reactive_view(pane)}
        </main>
    }
}

/// What is beside the sidebar.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pane {
    /// A conversation of the user.
    Conversation(ConversationId),
    /// The directory of rooms.
    Directory,
    /// A room that the user is not in, or no room at all.
    Outsider(ConversationId),
    /// Nothing yet.
    Connecting,
    /// The way back into the Lobby.
    RemovedFromLobby,
}

/// Shown when a moderator has removed the user from the Lobby, with a button to join again.
#[component]
fn RemovedFromLobby() -> impl IntoView {
    let (store, t) = (expect_context::<ClientStore>(), texts());
    let lobby = expect_context::<Navigator>().lobby;
    let problem = RwSignal::new(None::<String>);
    let join_again = move |_: MouseEvent| {
        spawn_local(async move {
            if let Some(lobby) = lobby
                && let Err(code) = store.join_room(lobby).await
            {
                problem.try_set(Some(code.map_or_else(|| t.errors.unreachable.to_owned(), t.errors.error)));
            }
        });
    };
    view! {
        <section class="conversation">
            <header class="conversation-head"><a class="icon-button back" href="/" aria-label=t.conversation.back>{icons::back()}</a></header>
            <div class="empty">
                <p role="alert">{t.conversation.removed}</p>
                <button type="button" class="button" on:click=on(join_again)>{t.conversation.rejoin}</button>
                <p class="problem" role="alert">{reactive(move || problem.get())}</p>
            </div>
        </section>
    }
}

/// Shown until the server has sent the user's conversations.
#[component]
fn Connecting() -> impl IntoView {
    let t = texts();
    view! {
        <section class="conversation" aria-busy="true">
            <div class="empty quiet">
                <p role="status">{t.connection.connecting}</p>
            </div>
        </section>
    }
}
