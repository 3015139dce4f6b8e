//! What the timeline shows, and what follows from looking at it.

use std::collections::HashSet;

use leptos::{ev, prelude::*};

use super::{super::clock, scroll::Scroll};
use crate::{
    client::{Link, LoadState, Store},
    domain::{CommandId, ConversationId, Seq},
    state::{Row, Timeline, rows},
};

/// The rows, and which messages start a group: the row of a message stays the same row when that changes.
#[derive(Clone, Default, PartialEq)]
struct Rows {
    rows: Vec<Row>,
    heads: HashSet<CommandId>,
}

/// What one timeline shows. A handle: copies are the same timeline.
#[derive(Clone, Copy)]
pub(super) struct Model {
    /// The messages.
    pub(super) timeline: Signal<Timeline>,
    /// How their fetching stands.
    pub(super) load: Signal<LoadState>,
    /// Whether the newest are here.
    pub(super) is_loaded: Memo<bool>,
    has_more: Memo<bool>,
    rows: Memo<Rows>,
}

impl Model {
    pub(super) fn new(store: Store, conversation: ConversationId) -> Self {
        let timeline: Signal<Timeline> = store.timeline(conversation).into();
        let is_loaded = Memo::new(move |_| timeline.with(Timeline::is_loaded));
        let has_more = Memo::new(move |_| timeline.with(Timeline::has_more_before));
        // What was unread when the conversation was opened is new for as long as it is open.
        let new_after = store.conversations.with_untracked(|conversations| {
            conversations.get(conversation).filter(|talk| talk.unread > 0).map(|talk| talk.read_seq)
        });
        let rows = Memo::new(move |_| {
            let me = store.me.with(|me| me.as_ref().map(|me| me.id));
            let Some(me) = me.filter(|_| is_loaded.get()) else { return Rows::default() };
            let rows = timeline.with(|timeline| {
                store.outbox.with(|outbox| rows(timeline, outbox.of(conversation), me, new_after, clock::day_of))
            });
            let heads = rows.iter().filter_map(|row| match row {
                Row::Message { id, starts_group: true } => Some(*id),
                _ => None,
            });
            Rows { heads: heads.collect(), rows }
        });
        Self { timeline, load: store.load_state(conversation).into(), is_loaded, has_more, rows }
    }

    /// The rows to show.
    pub(super) fn rows(self) -> Vec<Row> {
        self.rows.with(|rows| rows.rows.clone())
    }

    /// Whether there is nothing to show.
    pub(super) fn is_empty(self) -> bool {
        self.rows.with(|rows| rows.rows.is_empty())
    }

    /// Whether the very first message is here, if there is any.
    pub(super) fn is_complete(self) -> bool {
        self.is_loaded.get() && !self.has_more.get()
    }

    /// Whether author and time stand above this message.
    pub(super) fn starts_group(self, id: CommandId) -> Memo<bool> {
        Memo::new(move |_| self.rows.with(|rows| rows.heads.contains(&id)))
    }

    /// When the rows change, the reader stays at the end, or at the message that was in view.
    pub(super) fn keep_place(self, store: Store, conversation: ConversationId, scroll: Scroll) {
        Effect::new(move |oldest_before: Option<Option<Seq>>| {
            let oldest = self.timeline.with(Timeline::oldest);
            scroll.rows_changed(!self.is_empty(), oldest_before.flatten() != oldest);
            oldest
        });
        // Who writes wants to see it.
        Effect::new(move |before: Option<usize>| {
            let on_their_way = store.outbox.with(|outbox| outbox.of(conversation).count());
            if before.is_some_and(|before| before < on_their_way) {
                scroll.to_end();
            }
            on_their_way
        });
    }

    /// Fetches the newest messages as soon as there is a connection, and older ones when the reader nears the first.
    pub(super) fn load_as_needed(self, store: Store, conversation: ConversationId, scroll: Scroll) {
        Effect::new(move || {
            if store.link.get() == Link::Online && !self.is_loaded.get() {
                store.load(conversation);
            }
        });
        Effect::new(move || {
            if scroll.near_start.get() && self.has_more.get() && self.load.get() == LoadState::Idle {
                // Near again only if the reader still is once the older ones stand above.
                scroll.near_start.set(false);
                store.load(conversation);
            }
        });
    }

    /// What stands at the end, in view, on a page that has the reader's attention, has been read.
    pub(super) fn mark_what_is_seen(self, store: Store, conversation: ConversationId, scroll: Scroll) {
        let look = move || {
            store.conversations.track();
            scroll.shown.track();
            let has_attention = document().has_focus().unwrap_or(false) && scroll.is_shown();
            if scroll.at_end.get() && self.is_loaded.get() && has_attention {
                store.mark_read(conversation);
            }
        };
        Effect::new(look);
        Effect::new(move || {
            let handle = window_event_listener(ev::focus, move |_| untrack(look));
            on_cleanup(move || handle.remove());
        });
    }
}
