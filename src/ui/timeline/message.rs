//! One message, from the composer to the log: the same row all the way.

use leptos::prelude::*;

use super::super::{
    Language, clock,
    face::Face,
    i18n::texts,
    links::{Piece, pieces},
    live::{live, live_view},
};
use crate::{
    client::Store,
    domain::{CommandId, Millis, User},
    protocol::ErrorCode,
    state::{OutgoingStatus, Timeline},
};

/// What a row shows of its message.
#[derive(Clone, PartialEq)]
struct Shown {
    author: User,
    at: Millis,
    body: String,
    fate: Fate,
}

#[derive(Clone, Copy, PartialEq)]
enum Fate {
    InTheLog,
    Pending,
    Failed(ErrorCode),
}

/// A row of the timeline: the message, and above it author and time where it starts a group.
#[component]
pub(super) fn MessageRow(
    /// The command that sent it.
    id: CommandId,
    /// Where it stands once it is in the log.
    timeline: Signal<Timeline>,
    /// Whether author and time stand above it.
    starts_group: Memo<bool>,
) -> impl IntoView {
    let (store, t) = (expect_context::<Store>(), texts());
    let language = expect_context::<RwSignal<Language>>().get_untracked();
    let shown = Memo::new(move |_| {
        let sent = timeline.with(|timeline| {
            timeline.by_id(id).map(|message| Shown {
                author: message.author.clone(),
                at: message.at,
                body: message.body.as_str().to_owned(),
                fate: Fate::InTheLog,
            })
        });
        sent.or_else(|| {
            let author = store.me.get()?.user();
            store.outbox.with(|outbox| {
                outbox.get(id).map(|outgoing| Shown {
                    author,
                    at: outgoing.typed_at,
                    body: outgoing.body().unwrap_or_default().trim().to_owned(),
                    fate: match outgoing.status {
                        OutgoingStatus::Failed(code) => Fate::Failed(code),
                        _ => Fate::Pending,
                    },
                })
            })
        })
    });
    let author = Memo::new(move |_| shown.with(|shown| shown.as_ref().map(|shown| shown.author.clone())));
    let body = Memo::new(move |_| shown.with(|shown| shown.as_ref().map(|shown| shown.body.clone())));
    let at = Memo::new(move |_| shown.with(|shown| shown.as_ref().map(|shown| shown.at)));
    let fate = Memo::new(move |_| shown.with(|shown| shown.as_ref().map_or(Fate::InTheLog, |shown| shown.fate)));
    let is_mine = Memo::new(move |_| {
        let author = author.with(|author| author.as_ref().map(|author| author.id));
        author == store.me.with(|me| me.as_ref().map(|me| me.id))
    });

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
    let trouble = move || match fate.get() {
        Fate::InTheLog => ().into_any(),
        Fate::Pending => view! { <p class="fate pending">{t.sending}</p> }.into_any(),
        Fate::Failed(code) => view! {
            <p class="fate problem small" role="alert">
                {t.not_sent} " " {(t.error)(code)}
                <button type="button" class="link" on:click=move |_| store.retry(id)>{t.retry}</button>
                <button type="button" class="link" on:click=move |_| store.discard(id)>{t.discard}</button>
            </p>
        }
        .into_any(),
    };
    view! {
        <li
            class="message"
            data-id=id.to_string()
            class:mine=live(move || is_mine.get())
            class:starts=live(move || starts_group.get())
            data-pending=live(move || (fate.get() == Fate::Pending).to_string())
        >
            {live_view(head)}
            <div class="said">
                {live_view(unseen_author)}
                <p class="body" dir="auto">{live_view(move || body.get().map(|body| linked(&body)))}</p>
                {live_view(trouble)}
            </div>
        </li>
    }
}

/// A text whose addresses can be followed.
fn linked(text: &str) -> impl IntoView + use<> {
    let piece = |piece| match piece {
        Piece::Text(text) => text.to_owned().into_any(),
        Piece::Link(link) => {
            view! { <a href=link.to_owned() target="_blank" rel="noopener noreferrer">{link.to_owned()}</a> }.into_any()
        }
    };
    pieces(text).into_iter().map(piece).collect_view()
}
