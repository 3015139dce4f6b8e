//! What happened to a room: a quiet line, or one line for several people who came and went, which opens to show each.

use std::sync::Mutex;

use leptos::{ev::MouseEvent, prelude::*};

use crate::{
    client::ClientStore,
    domain::{CommandId, ConversationId, Message, RoomChange, UserId},
    ui::{
        i18n::{InSentence, Language, room_screens::notices::ROOM_NOTICES, texts},
        kit::{
            boxed::{Boxed, Boxing as _},
            reactive::{on, reactive, reactive_view},
            sentence::sentence,
            time_format,
        },
    },
};

/// How many people are named. The others are only counted.
const MAX_NAMES: usize = 3;

/// The rows that are open, by their first notices: a row is made again when it gets another notice, and stays open then.
static OPEN_ROWS: Mutex<Vec<CommandId>> = Mutex::new(Vec::new());

/// The content of a row of notices: those with these ids, of the timeline of `conversation`.
pub(super) fn notices(conversation: ConversationId, ids: &[CommandId]) -> Boxed {
    let store = expect_context::<ClientStore>();
    let notices: Vec<Message> = store
        .timeline(conversation.into())
        .with_untracked(|timeline| ids.iter().filter_map(|id| timeline.by_id(*id).cloned()).collect());
    match &notices[..] {
        [] => ().boxed(),
        [one] => line(one),
        [first, ..] => several(first.id, notices.clone()),
    }
}

/// A notice and its time.
fn line(notice: &Message) -> Boxed {
    let language = expect_context::<RwSignal<Language>>().get_untracked();
    let (at, text) = (notice.at, text_of(notice));
    let (datetime, full) = (time_format::iso_8601(at), time_format::full_date_and_time(at, language));
    view! {
        <p class="notice-line" dir="auto">
            <span class="body">{sentence(&text)}</span>
            " "
            <time class="at" datetime=datetime title=full>{time_format::time_of_day(at, language)}</time>
        </p>
    }
    .boxed()
}

/// A button with what happened altogether, which opens to show each notice.
fn several(id: CommandId, notices: Vec<Message>) -> Boxed {
    let was_open = OPEN_ROWS.lock().is_ok_and(|open| open.contains(&id));
    let is_open = RwSignal::new(was_open);
    let toggle = move |_: MouseEvent| {
        is_open.update(|is_open| *is_open = !*is_open);
        if let Ok(mut open) = OPEN_ROWS.lock() {
            open.retain(|other| *other != id);
            if is_open.get_untracked() {
                open.push(id);
            }
        }
    };
    let text = summary(&notices);
    let each = move || is_open.get().then(|| view! { <div>{notices.iter().map(line).collect::<Vec<Boxed>>()}</div> });
    view! {
        <button
            type="button"
            class="notice-summary"
            title=ROOM_NOTICES.current().show_each
            aria-expanded=reactive(move || is_open.get().to_string())
            on:click=on(toggle)
        >
            <span class="body">{sentence(&text)}</span>
        </button>
        {reactive_view(each)}
    }
    .boxed()
}

/// The text for one notice.
fn text_of(notice: &Message) -> String {
    let (t, own) = (texts(), ROOM_NOTICES.current());
    let author = t.name_in(&notice.author.nickname);
    match (&notice.room, &notice.notice) {
        (Some(change), _) => (own.change)(author, change.user().map(|user| t.name_in(&user.nickname)), change),
        (None, Some(done)) => (own.moderated)(author, t.name_in(&done.user.nickname), done),
        (None, None) => String::new(),
    }
}

/// The text for several people who joined, were added or left.
fn summary(notices: &[Message]) -> String {
    let own = ROOM_NOTICES.current();
    let joined = people(notices, |change| matches!(change, RoomChange::Joined | RoomChange::Added { .. }));
    let left = people(notices, |change| matches!(change, RoomChange::Left));
    let text = |people: &People, text: fn(&[InSentence], usize) -> String| {
        let names: Vec<_> = people.names.iter().map(|name| InSentence(name)).collect();
        text(&names, people.more)
    };
    match (joined.names.is_empty(), left.names.is_empty()) {
        (true, _) => text(&left, own.people_left),
        (_, true) => text(&joined, own.people_joined),
        _ => (own.both)(text(&joined, own.people_joined), text(&left, own.people_left)),
    }
}

/// Some people by name, and how many more there are.
struct People {
    names: Vec<String>,
    more: usize,
}

/// The people in those notices that are counted, each once.
fn people(notices: &[Message], is_counted: fn(&RoomChange) -> bool) -> People {
    let t = texts();
    let mut seen: Vec<UserId> = Vec::new();
    let mut names = Vec::new();
    for notice in notices {
        let Some(change) = notice.room.as_ref().filter(|change| is_counted(change)) else { continue };
        let user = change.user().unwrap_or(&notice.author);
        if !seen.contains(&user.id) {
            seen.push(user.id);
            names.push(t.name_of(&user.nickname).to_owned());
        }
    }
    // With one more than that, its name is not longer than the words that would stand for it.
    let kept = if names.len() > MAX_NAMES { MAX_NAMES - 1 } else { names.len() };
    let more = names.len() - kept;
    names.truncate(kept);
    People { names, more }
}
