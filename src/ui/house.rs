//! Behind the door: the list of conversations, and the one that is open.

use leptos::prelude::*;

use super::{
    i18n::texts,
    live::{live, live_view, memo},
    place::{Here, Place},
    sidebar::Sidebar,
    talk::Talk,
};
use crate::client::Store;

/// The whole page of somebody who has come in: side by side where there is space, one after the other on a phone.
#[component]
pub(super) fn House() -> impl IntoView {
    let store = expect_context::<Store>();
    let here = expect_context::<Here>();

    let shown = move || if here.place.get() == Place::List { "list" } else { "talk" };
    let is_known = memo(move || store.conversations.with(|conversations| conversations.lobby().is_some()));
    let open = move || match here.conversation.get() {
        Some(conversation) => view! { <Talk conversation/> }.into_any(),
        None if is_known.get() => view! { <Nowhere/> }.into_any(),
        None => view! { <Waiting/> }.into_any(),
    };
    view! {
        <main class="house" data-show=live(shown)>
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
        <section class="talk">
            <div class="empty">
                <p>{t.no_such_talk}</p>
                <a class="button" href="/">{t.go_home}</a>
            </div>
        </section>
    }
}

/// Before the server has said what there is.
#[component]
fn Waiting() -> impl IntoView {
    let t = texts();
    view! {
        <section class="talk" aria-busy="true">
            <div class="empty quiet">
                <p role="status">{t.connecting}</p>
                <noscript><p>{t.needs_script}</p></noscript>
            </div>
        </section>
    }
}
