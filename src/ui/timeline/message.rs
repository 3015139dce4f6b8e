//! One message, from the composer to the log: the same row all the way.

use leptos::prelude::*;

use super::{
    super::{
        Language, clock,
        face::Face,
        i18n::{sentence, texts},
        links::{Piece, pieces},
        live::{live, live_view},
        name::Name,
        seen::{Fate, Seen},
    },
    buttons::{self, Button},
    menu::Menu,
    model::Followed,
};
use crate::{
    client::{Link, Store},
    domain::{CommandId, Message, Millis, Seq},
};

/// A row of the timeline: the message, and above it author and time where it starts a group.
#[component]
pub(super) fn MessageRow(
    /// The command that sent it.
    id: CommandId,
    /// How it stands.
    followed: Followed,
    /// What can be done with it.
    menu: Menu,
) -> impl IntoView {
    let (store, t) = (expect_context::<Store>(), texts());
    let language = expect_context::<RwSignal<Language>>().get_untracked();
    let Followed { seen, starts_group, is_at_hand, is_edited } = followed;
    let place = menu.place;
    // Whoever else one becomes, the page is made anew.
    let me = store.me.with_untracked(|me| me.as_ref().map(|me| me.id));
    let is = move |what: fn(&Seen) -> bool| seen.with(|seen| seen.as_ref().is_some_and(what));

    let when = move |at: Millis, class: &'static str, text: String| {
        let (machine, full) = (clock::for_machines(at), clock::in_full(at, language));
        view! { <time class=class datetime=machine title=full>{text}</time> }.into_any()
    };
    let head = move || {
        seen.get().filter(|_| starts_group.get()).map(|Seen { message: Message { author, at, .. }, .. }| {
            view! {
                <Face id=author.id nickname=author.nickname.clone()/>
                <p class="by">
                    <Name user=author class="author" settled=true/>
                    " "
                    {when(at, "at", clock::time_of_day(at, language))}
                </p>
            }
        })
    };
    // A screen reader hears whose message it is, even where the eye sees it by the group.
    let unseen_author = move || {
        seen.get().filter(|_| !starts_group.get()).map(|seen| {
            view! { <span class="unseen">{sentence(&format!("{}: ", t.name_in(&seen.message.author.nickname)))}</span> }
        })
    };
    let text = move || {
        let mut text = Vec::new();
        match seen.get().map(|seen| seen.message) {
            Some(message) if message.deleted => text.push(t.deleted.into_any()),
            Some(Message { notice: Some(notice), .. }) => text.push(sentence(&(t.notice)(&notice))),
            Some(message) => {
                text = linked(message.body.as_str());
                if let Some(at) = message.edited_at {
                    text.push(" ".into_any());
                    text.push(when(at, "edited", t.edited.to_owned()));
                }
            }
            None => {}
        }
        text
    };
    let reactions = move || {
        let (message, me) = (seen.get()?.message, me?);
        // The arrow keys lead to a message, and Tab from there to what is on it.
        let stop = if is_at_hand.get() { "0" } else { "-1" };
        (!message.reactions.is_empty()).then(|| {
            let reactions = message.reactions.iter().map(|reaction| buttons::reaction(reaction, me, stop, t));
            view! {
                <div class="reactions" role="group" aria-label=t.reactions aria-live="off">{reactions.collect_view()}</div>
            }
        })
    };
    let fate = move || {
        let (class, words) = match seen.get()?.fate {
            Fate::Done => return None,
            Fate::Failed(command, code) => {
                let what = if command == id { t.not_sent } else { t.not_changed };
                let words = format!("{what} {} ", (t.error)(code));
                let deed = |deed, name| buttons::words("link", deed, Some(command), name);
                (
                    "fate problem small",
                    vec![words.into_any(), deed(Button::Retry, t.retry), deed(Button::Discard, t.discard)],
                )
            }
            Fate::Pending if store.link.get() != Link::Online => ("fate pending", vec![t.waiting.into_any()]),
            Fate::Pending | Fate::Sending => ("fate pending", vec![t.sending.into_any()]),
        };
        Some(view! { <p class=class role="status">{words}</p> })
    };
    let deeds = move || {
        let seen = seen.get().filter(|seen| seen.message.seq > Seq(0) && seen.message.is_said())?;
        store.me.get().filter(|_| place.get().is_open()).map(|me| menu.view(&seen.message, &me, t))
    };
    let deeds = move || is_at_hand.get().then(deeds);
    view! {
        <li
            class="message"
            data-id=id.to_string()
            tabindex="-1"
            class:mine=live(move || seen.with(|seen| seen.as_ref().map(|seen| seen.message.author.id)) == me)
            class:starts=live(move || starts_group.get())
            class:gone=live(move || is(|seen| !seen.message.is_said()))
            class:edits=live(move || is_edited.get())
            data-pending=live(move || is(|seen| matches!(seen.fate, Fate::Pending | Fate::Sending)).to_string())
        >
            {live_view(head)}
            <div class="said">
                {live_view(unseen_author)}
                <p class="body" dir="auto">{live_view(text)}</p>
                {live_view(reactions)}
                {live_view(fate)}
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
