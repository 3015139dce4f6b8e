//! One open conversation: what it is, what was said, and the composer.

use std::{future::Future, pin::Pin};

use leptos::{ev::MouseEvent, prelude::*, task::spawn_local};

use crate::{
    client::{ConnectionStatus, Refusal, Store},
    domain::{Companion, ConversationId, ConversationKind, UserId},
    ui::{
        chat::{
            composer::{Composer, Draft},
            timeline::Timeline,
        },
        context::router::{LOBBY, Navigator, address, companion},
        i18n::{sentence, texts},
        kit::{
            avatar::Face,
            boxed::Boxing as _,
            icons,
            reactive::{live, live_view, on},
            user_name::Name,
        },
    },
};

/// What one asks for, on its way.
type Requested = Pin<Box<dyn Future<Output = Result<(), Refusal>>>>;

/// A button: its name, and what it does.
type Press = (&'static str, Box<dyn FnMut(MouseEvent)>);

/// What is told of something that failed in another conversation than the open one, whose rows and composer tell of their
/// own. There it can be taken up again.
fn failed_elsewhere(store: Store, here: Navigator, open: ConversationId) -> Option<(String, Vec<Press>)> {
    let t = texts();
    let failed = store.outbox.with(|outbox| outbox.failed_outside(open).cloned())?;
    let what = if failed.target().is_none() { t.not_sent } else { t.not_changed };
    let why = (t.error)(failed.failure()?);
    let text = failed.body().map(|body| format!("“{body}” ")).unwrap_or_default();
    let mut presses: Vec<Press> = Vec::new();
    if let Some(place) = address_of(store, failed.conversation) {
        presses.push((t.open, on(move |_| here.go(&place))));
    }
    presses.push((t.discard, on(move |_| drop(store.take_out(failed.id)))));
    Some((format!("{what} {why} {text}"), presses))
}

/// Where a conversation is found, if one is in it.
fn address_of(store: Store, conversation: ConversationId) -> Option<String> {
    store.conversations.with(|conversations| match conversations.get(conversation)?.kind {
        ConversationKind::Room { .. } => Some(LOBBY.to_owned()),
        ConversationKind::Direct { .. } => Some(address(conversation)),
    })
}

/// One open conversation.
#[component]
pub(crate) fn Talk(
    /// Which.
    conversation: ConversationId,
) -> impl IntoView {
    let (store, t) = (expect_context::<Store>(), texts());
    let here = expect_context::<Navigator>();
    let with = companion(store, conversation);
    let draft = Draft::new(store, conversation);

    let title = move || match with.get() {
        None => view! { <span class="icon-box">{icons::hash()}</span> {t.lobby} }.boxed(),
        Some(Companion { user, .. }) => {
            let id = user.id;
            let is_here = Signal::derive(move || store.presence.with(|presence| presence.is_online(id)));
            view! { <Face id nickname=user.nickname.clone() small=true here=is_here/> <Name user/> }.boxed()
        }
    };
    let topic = move || match with.get() {
        None => t.lobby_topic.to_owned(),
        Some(Companion { user, .. }) => {
            let is_namesake = store.conversations.with(|conversations| conversations.is_namesake(&user));
            let topic = if is_namesake { t.namesake_topic } else { t.private_topic };
            topic(t.name_in(&user.nickname))
        }
    };
    let status = move || match with.get() {
        None => (t.here)(store.presence.with(|presence| presence.count())),
        Some(Companion { gone: true, .. }) => t.has_left.to_owned(),
        Some(Companion { user, .. }) => match store.presence.with(|presence| presence.is_here(user.id)) {
            Some(true) => t.is_here.to_owned(),
            Some(false) => t.is_away.to_owned(),
            None => String::new(),
        },
    };
    // What was done is told by a frame, to all of one's pages.
    let put_away = move |done: fn(Store, ConversationId, UserId) -> Requested| {
        on(move |_: MouseEvent| {
            let Some(with) = with.get_untracked() else { return };
            spawn_local(async move {
                match done(store, conversation, with.user.id).await {
                    Ok(()) => here.go(LOBBY),
                    Err(refusal) => draft.refuse(&refusal),
                }
            });
        })
    };
    let tools = move || {
        with.get().map(|_| {
            let hide = put_away(|store, direct, _| Box::pin(store.hide(direct)));
            let block = put_away(|store, _, user| Box::pin(store.block(user, true)));
            view! {
                <button type="button" class="icon-button" aria-label=t.hide title=t.hide on:click=hide>{icons::close()}</button>
                <button type="button" class="icon-button" aria-label=t.block title=t.block on:click=block>{icons::block()}</button>
            }
        })
    };
    let note = move || {
        let (words, presses) = match (store.link.get(), failed_elsewhere(store, here, conversation)) {
            (ConnectionStatus::Lost, _) => (t.connection_lost.to_owned(), Vec::new()),
            (ConnectionStatus::Restarting, _) => (t.restarting.to_owned(), Vec::new()),
            (_, Some(failed)) => failed,
            _ if store.tells_not_kept() => {
                let told: Press = (t.understood, on(move |_| store.told_not_kept()));
                (format!("{} ", t.not_kept), vec![told])
            }
            _ => return ().boxed(),
        };
        let says = words.clone();
        let button = |(name, press): Press| {
            view! { <button type="button" class="link" on:click=press>{name}</button> " " }
        };
        let buttons = presses.into_iter().map(button).collect_view();
        view! { <p class="banner small" role="status">{words} {buttons}</p> }.boxed_as(&says)
    };
    #[cfg(feature = "ssr")]
    let without_script = view! {
        <noscript><p class="banner small">{t.needs_script} " " <a href="">{t.load_anew}</a></p></noscript>
    };
    #[cfg(not(feature = "ssr"))]
    let without_script = ();
    view! {
        <section class="conversation" aria-labelledby="conversation-name">
            <header class="conversation-head">
                <a class="icon-button back" href="/" aria-label=t.back>{icons::back()}</a>
                <h1 id="conversation-name">{live_view(title)}</h1>
                <p class="topic quiet small">{live(move || sentence(&topic()))}</p>
                <p class="status quiet small">{live(status)}</p>
                {live_view(tools)}
            </header>
            <div class="banners">{live(note)} {without_script}</div>
            <Timeline conversation draft/>
            <Composer conversation draft/>
        </section>
    }
}
