//! The chat screen: the sidebar beside the open conversation, or one of them on a phone.

use std::mem;

use leptos::{ev::MouseEvent, prelude::*, task::spawn_local};

use crate::{
    client::{ClientStore, ConnectionStatus},
    domain::{Conversation, ConversationId, ConversationKind},
    ui::{
        chat::{conversation::ConversationPane, mentions::LazyMentions, sidebar::Sidebar},
        context::router::{LOBBY_PATH, Navigator, Route},
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
    let is_in_lobby = memo(move || store.conversations.with(|conversations| conversations.lobby().is_some()));
    let rooms = LazyRooms::new();
    effect(move || {
        if navigator.conversation.get().is_none() {
            rooms.load();
        }
    });
    let mentions = LazyMentions::new();
    let no_conversation = move || match navigator.route.get() {
        Route::Mentions => mentions.view(),
        Route::Directory => rooms.view(|rooms| (rooms.directory)()),
        Route::Conversation(id) if navigator.is_leaving(id) => ().boxed(),
        // Without the Lobby, the list has not come yet, or the user was removed from it.
        _ if !is_in_lobby.get() && !is_online.get() => view! { <Connecting/> }.boxed(),
        Route::Conversation(id) if Some(id) != navigator.lobby => rooms.view(|rooms| (rooms.outsider)(id)),
        _ => view! { <RemovedFromLobby/> }.boxed(),
    };
    let mut open_direct = None;
    let pane = move || {
        let open = navigator.conversation.get();
        let direct_before = mem::replace(&mut open_direct, open.filter(|id| is_direct(store, *id)));
        match open {
            Some(conversation) => view! { <ConversationPane conversation/> }.boxed(),
            // It was hidden, here or in another tab, or its user blocked.
            None if direct_before
                .is_some_and(|direct| navigator.route.get_untracked() == Route::Conversation(direct)) =>
            {
                navigator.replace(LOBBY_PATH);
                ().boxed()
            }
            None => reactive_view(no_conversation).boxed(),
        }
    };
    view! {
        <main class="chat" data-show=reactive(shown) data-online=reactive(move || is_online.get().to_string())>
            <Sidebar/>
            {reactive_view(pane)}
        </main>
    }
}

fn is_direct(store: ClientStore, conversation: ConversationId) -> bool {
    let kind = |conversation: &Conversation| matches!(conversation.kind, ConversationKind::Direct { .. });
    store.conversations.with_untracked(|all| all.get(conversation).is_some_and(kind))
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
                problem.try_set(Some(t.errors.refusal(code)));
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
