//! Behind the door: the list of conversations, and the one that is open.

use leptos::{ev::MouseEvent, prelude::*, task::spawn_local};

use crate::{
    client::{ConnectionStatus, Store},
    ui::{
        chat::{conversation::Talk, sidebar::Sidebar},
        context::router::{Navigator, Route},
        i18n::texts,
        kit::{
            boxed::Boxing as _,
            icons,
            reactive::{live, live_view, memo, on},
        },
    },
};

/// The whole page of somebody who has come in: side by side where there is space, one after the other on a phone.
#[component]
pub(crate) fn ChatScreen() -> impl IntoView {
    let store = expect_context::<Store>();
    let here = expect_context::<Navigator>();

    let shown = move || if here.place.get() == Route::List { "list" } else { "conversation" };
    let is_known = memo(move || store.conversations.with(|conversations| conversations.lobby().is_some()));
    let is_online = memo(move || store.link.get() == ConnectionStatus::Online);
    let open = move || match here.conversation.get() {
        Some(conversation) => view! { <Talk conversation/> }.boxed(),
        None => match (is_known.get(), is_online.get()) {
            (true, _) => view! { <Nowhere/> }.boxed(),
            (false, false) => view! { <Waiting/> }.boxed(),
            (false, true) => view! { <Removed/> }.boxed(),
        },
    };
    view! {
        <main class="chat" data-show=live(shown) data-online=live(move || is_online.get().to_string())>
            <Sidebar/>
            {live_view(open)}
        </main>
    }
}

/// An address of no conversation of this user's.
#[component]
fn Nowhere() -> impl IntoView {
    let t = texts();
    view! {
        <section class="conversation">
            <div class="empty">
                <p>{t.no_such_talk}</p>
                <a class="button" href="/">{t.go_home}</a>
            </div>
        </section>
    }
}

/// Everybody is in the Lobby, but for those whom a moderator has removed.
#[component]
fn Removed() -> impl IntoView {
    let (store, t) = (expect_context::<Store>(), texts());
    let lobby = expect_context::<Navigator>().lobby;
    let problem = RwSignal::new(None::<String>);
    let come_back = move |_: MouseEvent| {
        spawn_local(async move {
            if let Some(lobby) = lobby
                && let Err(code) = store.join(lobby).await
            {
                problem.try_set(Some(code.map_or_else(|| t.unreachable.to_owned(), t.error)));
            }
        });
    };
    view! {
        <section class="conversation">
            <header class="conversation-head"><a class="icon-button back" href="/" aria-label=t.back>{icons::back()}</a></header>
            <div class="empty">
                <p role="alert">{t.removed}</p>
                <button type="button" class="button" on:click=on(come_back)>{t.come_back}</button>
                <p class="problem" role="alert">{live(move || problem.get())}</p>
            </div>
        </section>
    }
}

/// Before the server has said what there is.
#[component]
fn Waiting() -> impl IntoView {
    let t = texts();
    view! {
        <section class="conversation" aria-busy="true">
            <div class="empty quiet">
                <p role="status">{t.connecting}</p>
            </div>
        </section>
    }
}
