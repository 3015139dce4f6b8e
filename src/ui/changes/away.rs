//! What has changed while the reader was away.

use std::collections::HashMap;

use leptos::{prelude::*, task::spawn_local};

use crate::{
    client::{ClientStore, RequestError, changes_after, message_versions, messages_at},
    domain::{Body, ConversationId, Event, EventKind, Message, Seq, UserId},
    markdown::excerpt,
    state::{MissedChanges, MissedReaction, ReadMessages, missed_changes},
    ui::{
        context::router::message_path,
        i18n::{Language, changes::CHANGES, texts},
        kit::{
            boxed::{Boxed, Boxing as _},
            sentence::sentence,
            time_format,
        },
    },
};

/// How many pages of events are looked at. After that, the reader has missed more than anybody wants listed.
const MAX_PAGES: usize = 5;
/// How many messages of a line are linked.
const MAX_LINKS: usize = 4;
/// How many users are named. The others are only counted.
const MAX_NAMES: usize = 2;
/// How many characters of a message a link shows.
const MAX_EXCERPT: usize = 32;

/// What a reader has missed.
#[derive(Clone, Default)]
pub(crate) struct Missed {
    changes: MissedChanges,
    messages: ChangedMessages,
}

/// The messages that have been changed, as they are now, and the texts that the reader has seen of those that were edited more
/// than once.
#[derive(Clone, Default)]
struct ChangedMessages {
    messages: HashMap<Seq, Message>,
    texts_before: HashMap<Seq, Body>,
}

impl ReadMessages for ChangedMessages {
    fn author(&self, message: Seq) -> Option<UserId> {
        self.messages.get(&message).map(|message| message.author.id)
    }

    fn text_before(&self, message: Seq) -> Option<Body> {
        self.texts_before.get(&message).cloned()
    }
}

/// Finds out what has changed of the messages up to `read_up_to`. Sets the signal if anything has.
pub(super) fn look_for_missed(conversation: ConversationId, read_up_to: Seq, found: RwSignal<Option<Missed>>) {
    let store = expect_context::<ClientStore>();
    spawn_local(async move {
        // Without it the reader misses nothing but a summary.
        let Ok((events, messages)) = fetch(conversation, read_up_to).await else { return };
        let Some(me) = store.me.with_untracked(|me| me.as_ref().map(|me| me.id)) else { return };
        let changes = store.blocks.with_untracked(|blocks| missed_changes(&events, me, blocks, &messages));
        if !changes.is_empty() {
            found.try_set(Some(Missed { changes, messages }));
        }
    });
}

/// The events that changed messages since, and these messages.
async fn fetch(conversation: ConversationId, after: Seq) -> Result<(Vec<Event>, ChangedMessages), RequestError> {
    let mut events: Vec<Event> = Vec::new();
    let mut from = after;
    for _ in 0..MAX_PAGES {
        let page = changes_after(conversation, from).await?;
        // Later pages also have events that changed newer messages.
        let last = page.events.last().map(|event| event.seq);
        let of_read = page.events.into_iter().filter(|event| event.kind.target().is_some_and(|seq| seq <= after));
        events.extend(of_read);
        match last.filter(|_| page.more) {
            Some(last) => from = last,
            None => break,
        }
    }
    let mut targets: Vec<Seq> = events.iter().filter_map(|event| event.kind.target()).collect();
    targets.sort_unstable();
    targets.dedup();
    let fetched = messages_at(conversation, &targets).await?;
    let mut changed = ChangedMessages {
        messages: fetched.into_iter().map(|message| (message.seq, message)).collect(),
        ..ChangedMessages::default()
    };
    for message in targets {
        let is_edit = |event: &&Event| matches!(event.kind, EventKind::Edit { seq, .. } if seq == message);
        let edits = events.iter().filter(is_edit).count();
        let is_deleted = changed.messages.get(&message).is_none_or(|message| message.deleted);
        // One edit always changes the text.
        if edits > 1 && !is_deleted {
            let mut versions = message_versions(conversation, message).await?;
            if let Some(index) = versions.len().checked_sub(edits + 1) {
                changed.texts_before.insert(message, versions.swap_remove(index).body);
            }
        }
    }
    Ok((events, changed))
}

/// A box that says what a reader has missed, with links to the messages.
pub(super) fn missed_view(conversation: ConversationId, missed: &Missed) -> Boxed {
    let Missed { changes: missed, messages: changed } = missed;
    let (own, t) = (CHANGES.current(), texts());
    let line = |text: String, messages: &[Seq]| -> Boxed {
        view! { <li>{sentence(&text)} ": " {links(conversation, messages, changed)}</li> }.boxed()
    };
    let mut lines: Vec<Boxed> = Vec::new();
    for (user, messages) in &missed.edited {
        lines.push(line((own.edited)(t.name_in(&user.nickname), messages.len()), messages));
    }
    if !missed.deleted.is_empty() {
        lines.push(line((own.deleted)(missed.deleted.len()), &missed.deleted));
    }
    for MissedReaction { emoji, users, messages } in &missed.reactions {
        // With one more than that, its name is not longer than the words that would stand for it.
        let count = if users.len() > MAX_NAMES + 1 { MAX_NAMES } else { users.len() };
        let names: Vec<_> = users[..count].iter().map(|user| t.name_in(&user.nickname)).collect();
        lines.push(line((own.reacted)(emoji.as_str(), &names, users.len() - count, messages.len()), messages));
    }
    if !missed.pinned.is_empty() {
        lines.push(line((own.pinned)(missed.pinned.len()), &missed.pinned));
    }
    view! {
        <details class="away small" open>
            <summary>{own.away}</summary>
            <ul>{lines}</ul>
        </details>
    }
    .boxed()
}

/// Links to messages, and how many more there are.
fn links(conversation: ConversationId, messages: &[Seq], changed: &ChangedMessages) -> Vec<Boxed> {
    let own = CHANGES.current();
    let language = expect_context::<RwSignal<Language>>().get_untracked();
    let link = |(index, seq): (usize, &Seq)| {
        let message = changed.messages.get(seq);
        let text = match message.map(|message| (message.has_text(), message)) {
            Some((true, message)) => excerpt(message.body.as_str(), MAX_EXCERPT),
            Some((false, message)) => (own.message_of)(&time_format::short_date_and_time(message.at, language)),
            None => format!("#{seq}"),
        };
        let comma = (index > 0).then_some(", ");
        view! { {comma} <a href=message_path(conversation, *seq) dir="auto">{text}</a> }.boxed()
    };
    let mut links: Vec<Boxed> = messages.iter().take(MAX_LINKS).enumerate().map(link).collect();
    if messages.len() > MAX_LINKS {
        links.push(view! { " " {(own.more)(messages.len() - MAX_LINKS)} }.boxed());
    }
    links
}
