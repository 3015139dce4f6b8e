//! One open conversation: what it is, what was said, and the composer.

use leptos::prelude::*;

use super::{
    composer::{Composer, Draft},
    face::Face,
    i18n::texts,
    icons,
    live::{live, live_view},
    name::Name,
    place::companion,
    timeline::Timeline,
};
use crate::{
    client::{Link, Store},
    domain::ConversationId,
};

/// One open conversation.
#[component]
pub(super) fn Talk(
    /// Which.
    conversation: ConversationId,
) -> impl IntoView {
    let (store, t) = (expect_context::<Store>(), texts());
    let with = companion(store, conversation);
    let draft = Draft::new(store, conversation);

    let title = move || match with.get() {
        None => view! { <span class="icon-box">{icons::hash()}</span> {t.lobby} }.into_any(),
        Some(user) => {
            let id = user.id;
            let here = Signal::derive(move || store.presence.with(|presence| presence.is_online(id)));
            view! { <Face id nickname=user.nickname.clone() small=true here/> <Name user/> }.into_any()
        }
    };
    let topic = move || match with.get() {
        None => t.lobby_topic.to_owned(),
        Some(user) => (t.private_topic)(user.nickname.as_str()),
    };
    let status = move || match with.get() {
        None => (t.here)(store.presence.with(|presence| presence.count())),
        Some(user) => match store.presence.with(|presence| presence.is_here(user.id)) {
            Some(true) => t.is_here.to_owned(),
            Some(false) => t.is_away.to_owned(),
            None => String::new(),
        },
    };
    let note = move || {
        let words = match store.link.get() {
            Link::Lost => t.connection_lost,
            Link::Restarting => t.restarting,
            _ => return None,
        };
        Some(view! { <p class="note small" role="status">{words}</p> })
    };
    #[cfg(feature = "ssr")]
    let without_script = view! {
        <noscript><p class="note small">{t.needs_script} " " <a href="">{t.load_anew}</a></p></noscript>
    };
    #[cfg(not(feature = "ssr"))]
    let without_script = ();
    view! {
        <section class="talk" aria-labelledby="talk-name">
            <header class="talk-head">
                <a class="tool back" href="/" aria-label=t.back>{icons::back()}</a>
                <h1 id="talk-name">{live_view(title)}</h1>
                <p class="topic quiet small">{live(topic)}</p>
                <p class="status quiet small">{live(status)}</p>
            </header>
            <div class="notes">{live_view(note)} {without_script}</div>
            <Timeline conversation draft/>
            <Composer conversation draft/>
        </section>
    }
}
