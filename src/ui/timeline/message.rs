//! One message, from the composer to the log: the same row all the way.

use leptos::prelude::*;

use super::{
    super::{
        Language, clock,
        face::Face,
        i18n::texts,
        links::{Piece, pieces},
        live::{live, live_view},
        seen::{Fate, seen},
    },
    menu::{Menu, is_by, who},
};
use crate::{
    client::{Link, Store},
    domain::{CommandId, ConversationId, Reaction, Seq},
    state::Timeline,
};

/// A row of the timeline: the message, and above it author and time where it starts a group.
#[component]
pub(super) fn MessageRow(
    /// Where it is.
    conversation: ConversationId,
    /// The command that sent it.
    id: CommandId,
    /// Where it stands once it is in the log.
    timeline: Signal<Timeline>,
    /// Whether author and time stand above it.
    starts_group: Memo<bool>,
    /// What can be done with it.
    menu: Menu,
) -> impl IntoView {
    let (store, t) = (expect_context::<Store>(), texts());
    let language = expect_context::<RwSignal<Language>>().get_untracked();
    let shown = Memo::new(move |_| seen(store, conversation, timeline, id));
    let author = Memo::new(move |_| shown.with(|shown| shown.as_ref().map(|shown| shown.message.author.clone())));
    let body =
        Memo::new(move |_| shown.with(|shown| shown.as_ref().map(|shown| shown.message.body.as_str().to_owned())));
    let at = Memo::new(move |_| shown.with(|shown| shown.as_ref().map(|shown| shown.message.at)));
    let edited_at = Memo::new(move |_| shown.with(|shown| shown.as_ref().and_then(|shown| shown.message.edited_at)));
    let fate = Memo::new(move |_| shown.with(|shown| shown.as_ref().map_or(Fate::Done, |shown| shown.fate)));
    let is_deleted = Memo::new(move |_| shown.with(|shown| shown.as_ref().is_some_and(|shown| shown.message.deleted)));
    let reactions = Memo::new(move |_| {
        shown.with(|shown| shown.as_ref().map_or_else(Vec::new, |shown| shown.message.reactions.clone()))
    });
    let is_at_hand = Memo::new(move |_| menu.is_at(id));
    let me = move || store.me.with(|me| me.as_ref().map(|me| me.id));
    let is_mine = Memo::new(move |_| author.with(|author| author.as_ref().map(|author| author.id)) == me());

    let time = move || {
        at.get().map(|at| {
            let (machine, full) = (clock::for_machines(at), clock::in_full(at, language));
            view! { <time datetime=machine title=full>{clock::time_of_day(at, language)}</time> }
        })
    };
    let head = move || {
        author.get().filter(|_| starts_group.get()).map(|author| {
            view! {
                <Face id=author.id nickname=author.nickname.clone()/>
                <p class="by"><bdi class="author">{author.nickname.as_str().to_owned()}</bdi> {live_view(time)}</p>
            }
        })
    };
    // A screen reader hears whose message it is, even where the eye sees it by the group.
    let unseen_author = move || {
        author.get().filter(|_| !starts_group.get()).map(|author| {
            view! { <span class="unseen">{format!("{}: ", author.nickname.as_str())}</span> }
        })
    };
    let text = move || {
        if is_deleted.get() {
            return t.deleted.into_any();
        }
        let mut text = linked(&body.get().unwrap_or_default());
        if let Some(at) = edited_at.get() {
            let (machine, full) = (clock::for_machines(at), clock::in_full(at, language));
            text.push(view! { " " <time class="edited" datetime=machine title=full>{t.edited}</time> }.into_any());
        }
        text.into_any()
    };
    let chips = move || {
        let (reactions, me) = (reactions.get(), me()?);
        // The arrow keys lead to a message, and Tab from there to what is on it.
        let stop = if is_at_hand.get() { "0" } else { "-1" };
        let chip = |reaction: &Reaction| {
            let who = who(reaction, me, t);
            view! {
                <button
                    type="button"
                    class="chip"
                    data-emoji=reaction.emoji.to_string()
                    tabindex=stop
                    aria-pressed=is_by(reaction, me).to_string()
                    aria-label=who.clone()
                    title=who
                >
                    {reaction.emoji.to_string()} " " <b>{reaction.users.len()}</b>
                </button>
            }
            .into_any()
        };
        (!reactions.is_empty()).then(|| {
            view! {
                <div class="chips" role="group" aria-label=t.reactions aria-live="off">
                    {reactions.iter().map(chip).collect_view()}
                </div>
            }
        })
    };
    let trouble = move || match fate.get() {
        Fate::Done => ().into_any(),
        Fate::Pending if store.link.get() != Link::Online => {
            view! { <p class="fate pending">{t.waiting}</p> }.into_any()
        }
        Fate::Pending | Fate::Sending => view! { <p class="fate pending">{t.sending}</p> }.into_any(),
        Fate::Failed(command, code) => view! {
            <p class="fate problem small" role="alert">
                {if command == id { t.not_sent } else { t.not_changed }} " " {(t.error)(code)}
                <button type="button" class="link" on:click=move |_| store.retry(command)>{t.retry}</button>
                <button type="button" class="link" on:click=move |_| store.discard(command)>{t.discard}</button>
            </p>
        }
        .into_any(),
    };
    let deeds = move || {
        let seen = shown.get().filter(|seen| seen.message.seq > Seq(0) && !seen.message.deleted)?;
        me().map(|me| menu.view(&seen.message, me, t))
    };
    let deeds = move || is_at_hand.get().then(deeds);
    view! {
        <li
            class="message"
            data-id=id.to_string()
            tabindex="-1"
            class:mine=live(move || is_mine.get())
            class:starts=live(move || starts_group.get())
            class:gone=live(move || is_deleted.get())
            class:edits=live(move || menu.draft.edited() == Some(id))
            data-pending=live(move || matches!(fate.get(), Fate::Pending | Fate::Sending).to_string())
        >
            {live_view(head)}
            <div class="said">
                {live_view(unseen_author)}
                <p class="body" dir="auto">{live_view(text)}</p>
                {live_view(chips)}
                {live_view(trouble)}
            </div>
            {live_view(deeds)}
        </li>
    }
}

/// A text whose addresses can be followed.
fn linked(text: &str) -> Vec<AnyView> {
    let piece = |piece| match piece {
        Piece::Text(text) => text.to_owned().into_any(),
        Piece::Link(link) => {
            view! { <a href=link.to_owned() target="_blank" rel="noopener noreferrer">{link.to_owned()}</a> }.into_any()
        }
    };
    pieces(text).into_iter().map(piece).collect()
}
