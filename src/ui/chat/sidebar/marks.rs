//! What a row of the sidebar says of its conversations: unread messages and mentions, and whether it is muted or kept at the
//! top.

use leptos::prelude::*;

use crate::{
    client::ClientStore,
    domain::{Conversation, ConversationId},
    ui::{
        i18n::texts,
        kit::{
            boxed::{Boxed, Boxing as _},
            icons,
            reactive::{memo, reactive_view},
        },
    },
};

/// The highest number that a badge shows.
const MOST_ON_BADGE: u32 = 99;

/// What a row has to say.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Marks {
    /// The unread messages, without those of muted conversations.
    unread: u32,
    /// The messages among all unread ones of which the user was told.
    mentions: u32,
    /// Whether it is one conversation that is muted.
    is_muted: bool,
    /// Whether it is one conversation that is kept at the top.
    is_pinned: bool,
}

impl Marks {
    fn of(conversations: &[&Conversation]) -> Self {
        let is_one = conversations.len() == 1;
        let mut marks = Self::default();
        for conversation in conversations {
            marks.unread += if conversation.muted { 0 } else { conversation.unread };
            marks.mentions += conversation.mentions;
            marks.is_muted = is_one && conversation.muted;
            marks.is_pinned = is_one && conversation.pinned;
        }
        marks
    }
}

/// The marks of all of `conversations` together; empty if there is nothing to say.
pub(super) fn marks(
    store: ClientStore,
    conversations: impl Fn() -> Vec<ConversationId> + Send + Sync + 'static,
) -> Boxed {
    fn of_one_type(store: ClientStore, conversations: Box<dyn Fn() -> Vec<ConversationId> + Send + Sync>) -> Boxed {
        let marks = memo(move || {
            let ids = conversations();
            store.conversations.with(|all| Marks::of(&ids.into_iter().filter_map(|id| all.get(id)).collect::<Vec<_>>()))
        });
        reactive_view(move || view_of(marks.get())).boxed()
    }
    of_one_type(store, Box::new(conversations))
}

fn view_of(Marks { unread, mentions, is_muted, is_pinned }: Marks) -> Boxed {
    let t = texts();
    let mut parts: Vec<Boxed> = Vec::new();
    let mark = |class, icon: Boxed, text| {
        view! { <span class=class>{icon} <span class="visually-hidden">{text}</span></span> }.boxed()
    };
    if is_pinned {
        parts.push(mark("mark", icons::to_top(), t.sidebar.pinned));
    }
    if is_muted {
        parts.push(mark("mark muted", icons::muted(), t.sidebar.muted));
    }
    if mentions > 0 {
        let sign = if mentions == 1 { "@".to_owned() } else { format!("@{}", shown(mentions)) };
        parts.push(badge(sign, (t.sidebar.mentions)(mentions)));
    }
    match unread {
        0 => {}
        // The other badge counts the same messages.
        _ if unread <= mentions => {
            parts.push(view! { <span class="visually-hidden">{(t.sidebar.unread)(unread)}</span> }.boxed());
        }
        _ => parts.push(badge(shown(unread), (t.sidebar.unread)(unread))),
    }
    parts.boxed()
}

/// A badge with a number.
pub(super) fn count_badge(count: u32, text: String) -> Boxed {
    badge(shown(count), text)
}

fn shown(count: u32) -> String {
    if count > MOST_ON_BADGE { format!("{MOST_ON_BADGE}+") } else { count.to_string() }
}

fn badge(shown: String, text: String) -> Boxed {
    view! { <span class="badge"><span aria-hidden="true">{shown}</span> <span class="visually-hidden">{text}</span></span> }
        .boxed()
}
