//! One message, from the composer to the log: the same row all the way.

use leptos::prelude::*;

use crate::{
    client::{ConnectionStatus, Store},
    domain::{CommandId, Message, Reaction, Timestamp, User},
    ui::{
        Language,
        chat::{
            message_view::{DeliveryStatus, MessageView},
            timeline::{
                buttons::{self, Button},
                menu::Menu,
                model::RowSignals,
            },
        },
        i18n::{sentence, texts},
        kit::{
            avatar::Face,
            boxed::{Boxed, Boxing as _},
            keyed_list::{KeyedRow, list},
            linkify::{Piece, pieces},
            reactive::{live, live_view},
            time_format,
            user_name::Name,
        },
    },
};

/// A row of the timeline: the message, and above it author and time where it starts a group.
#[component]
pub(crate) fn MessageRow(
    /// The command that sent it.
    id: CommandId,
    /// How it stands.
    followed: RowSignals,
    /// What can be done with it.
    menu: Menu,
) -> impl IntoView {
    let (store, t) = (expect_context::<Store>(), texts());
    let language = expect_context::<RwSignal<Language>>().get_untracked();
    let RowSignals { seen, starts_group, is_at_hand, is_edited } = followed;
    // Whoever else one becomes, the page is made anew.
    let me = store.me.with_untracked(|me| me.as_ref().map(|me| me.id));
    let is = move |what: fn(&MessageView) -> bool| seen.with(|seen| seen.as_ref().is_some_and(what));

    let when = move |at: Timestamp, class: &'static str, text: String| {
        let (machine, full) = (time_format::for_machines(at), time_format::in_full(at, language));
        view! { <time class=class datetime=machine title=full>{text}</time> }.boxed()
    };
    let head = move || {
        let Some(MessageView { message: Message { author, at, .. }, .. }) = seen.get().filter(|_| starts_group.get())
        else {
            return ().boxed();
        };
        let User { id, nickname, registered, role } = &author;
        let key = format!("{id} {} {registered} {} {}", nickname.as_str(), role.name(), at.0);
        view! {
            <Face id=author.id nickname=author.nickname.clone()/>
            <p class="message-head">
                <Name user=author class="author" settled=true/>
                " "
                {when(at, "at", time_format::time_of_day(at, language))}
            </p>
        }
        .boxed_as(&key)
    };
    // A screen reader hears whose message it is, even where the eye sees it by the group.
    let unseen_author = move || {
        let Some(seen) = seen.get().filter(|_| !starts_group.get()) else { return ().boxed() };
        let name = format!("{}: ", t.name_in(&seen.message.author.nickname));
        view! { <span class="visually-hidden">{sentence(&name)}</span> }.boxed_as(&name)
    };
    let text = move || match seen.get().map(|seen| seen.message) {
        None => ().boxed(),
        Some(message) if message.deleted => t.deleted.boxed_as(t.deleted),
        Some(Message { notice: Some(notice), .. }) => sentence(&(t.notice)(&notice)),
        Some(message) => {
            let mut text = linked(message.body.as_str());
            if let Some(at) = message.edited_at {
                text.push(" ".boxed());
                text.push(when(at, "edited", t.edited.to_owned()));
            }
            let edited = message.edited_at.unwrap_or_default().0;
            text.boxed_as(&format!("{edited} {}", message.body.as_str()))
        }
    };
    let reactions = move || {
        let (Some(seen), Some(me)) = (seen.get(), me) else { return Vec::new() };
        let row = |reaction: Reaction| {
            let key = buttons::key(&reaction.emoji);
            KeyedRow::new((0, key), move || buttons::reaction(reaction.emoji, followed, me, t))
        };
        seen.message.reactions.into_iter().map(row).collect()
    };
    let fate = move || {
        let Some(seen) = seen.get() else { return ().boxed() };
        let (class, words, failed) = match seen.fate {
            DeliveryStatus::Done => return ().boxed(),
            DeliveryStatus::Failed(command, code) => {
                let what = if command == id { t.not_sent } else { t.not_changed };
                ("delivery-status problem small", format!("{what} {} ", (t.error)(code)), Some(command))
            }
            DeliveryStatus::Pending if store.link.get() != ConnectionStatus::Online => {
                ("delivery-status pending", t.waiting.to_owned(), None)
            }
            DeliveryStatus::Pending | DeliveryStatus::Sending => {
                ("delivery-status pending", t.sending.to_owned(), None)
            }
        };
        let button = |deed, name| failed.map(|command| buttons::words("link", deed, Some(command), name));
        let buttons = [button(Button::Retry, t.retry), button(Button::Discard, t.discard)];
        let says = format!("{words}{}", failed.map(|command| command.to_string()).unwrap_or_default());
        view! { <p class=class role="status">{words} {buttons}</p> }.boxed_as(&says)
    };
    let deeds = move || is_at_hand.get().then(|| menu.view(followed));
    view! {
        <li
            class="message"
            data-id=id.to_string()
            tabindex="-1"
            class:mine=live(move || seen.with(|seen| seen.as_ref().map(|seen| seen.message.author.id)) == me)
            class:starts-group=live(move || starts_group.get())
            class:deleted=live(move || is(|seen| !seen.message.is_said()))
            class:being-edited=live(move || is_edited.get())
            data-pending=live(move || is(|seen| matches!(seen.fate, DeliveryStatus::Pending | DeliveryStatus::Sending)).to_string())
        >
            {live(head)}
            <div class="message-content">
                {live(unseen_author)}
                <p class="body" dir="auto">{live(text)}</p>
                <div class="reactions" role="group" aria-label=t.reactions aria-live="off">{list(reactions)}</div>
                {live(fate)}
            </div>
            {live_view(deeds)}
        </li>
    }
}

/// A text whose addresses can be followed.
fn linked(text: &str) -> Vec<Boxed> {
    let piece = |piece| match piece {
        Piece::Text(text) => text.to_owned().boxed(),
        Piece::Link(link) => {
            view! { <a href=link.to_owned() target="_blank" rel="noopener noreferrer">{link.to_owned()}</a> }.boxed()
        }
    };
    pieces(text).into_iter().map(piece).collect()
}
