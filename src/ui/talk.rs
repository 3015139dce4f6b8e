//! One open conversation: what it is, what was said, and the composer.

use leptos::prelude::*;

use super::{composer::Composer, face::Face, i18n::texts, icons, place::companion, timeline::Timeline};
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
    let store = expect_context::<Store>();
    let with = companion(store, conversation);

    let title = move || match with.get() {
        None => view! { <span class="icon-box">{icons::hash()}</span> {texts().lobby} }.into_any(),
        Some(user) => {
            let id = user.id;
            let here = Signal::derive(move || store.presence.with(|presence| presence.is_online(id)));
            view! { <Face id nickname=user.nickname.clone() small=true here/> <bdi>{user.nickname.as_str().to_owned()}</bdi> }
                .into_any()
        }
    };
    let topic = move || match with.get() {
        None => texts().lobby_topic.to_owned(),
        Some(user) => (texts().private_topic)(user.nickname.as_str()),
    };
    let status = move || match with.get() {
        None => (texts().here)(store.presence.with(|presence| presence.count())),
        Some(user) if store.presence.with(|presence| presence.is_online(user.id)) => texts().is_here.to_owned(),
        Some(_) => texts().is_away.to_owned(),
    };
    view! {
        <main class="talk">
            <header class="talk-head">
                <a class="tool back" href="/" aria-label=move || texts().back>{icons::back()}</a>
                <h1>{title}</h1>
                <p class="topic quiet small">{topic}</p>
                <p class="status quiet small">{status}</p>
            </header>
            <Show when=move || store.link.get() == Link::Lost>
                <p class="note small" role="status">{move || texts().connection_lost}</p>
            </Show>
            <Timeline conversation/>
            <Composer conversation/>
        </main>
    }
}
