//! Reacts to the user's position in the timeline: fetches messages, drops distant ones, and marks messages as read.

use leptos::{ev, prelude::*};

use crate::{
    client::{ClientStore, ConnectionStatus, LoadState},
    domain::Seq,
    state::{PageRange, Timeline},
    ui::{
        chat::timeline::{
            model::{TimelineModel, is_in_thread, unread_after},
            scroll::ScrollPosition,
        },
        kit::reactive::effect,
        markdown::Formatting,
    },
};

/// The page begins this many events before the user's position, so that some messages show above it.
const EVENTS_ABOVE: u64 = 20;

/// A page that begins somewhat above a message.
fn page_around(seq: Seq) -> PageRange {
    PageRange::From(Seq(seq.0.saturating_sub(EVENTS_ABOVE)))
}

impl TimelineModel {
    /// Keeps the user at the end, or at the message in view, when the rows change.
    pub(super) fn keep_scroll_position(self, store: ClientStore, scroll: ScrollPosition, formatting: Formatting) {
        effect(move || {
            self.timeline.track();
            // Formatting changes the height of rows.
            formatting.state();
            self.track_rows();
            scroll.rows_changed(!self.is_empty(), self.gap.get().is_some());
        });
        // Drops messages far from the user's position.
        effect(move || {
            self.timeline.track();
            store.trim(self.id, if scroll.at_end.get() { None } else { untrack(|| self.top_message(scroll)) });
        });
        // Shows the message that the user has just sent.
        let mut count_before = None;
        effect(move || {
            let count = self.timeline.with_untracked(|timeline| {
                store.outbox.with(|outbox| {
                    let outgoing = outbox.messages_to(self.id.conversation);
                    outgoing.filter(|outgoing| is_in_thread(timeline, self.id.thread, outgoing)).count()
                })
            });
            if count_before.replace(count).is_some_and(|before| before < count) {
                self.scroll_to_latest(store, scroll);
            }
        });
    }

    /// Scrolls to the newest messages, and fetches them if there is a gap.
    pub(super) fn scroll_to_latest(self, store: ClientStore, scroll: ScrollPosition) {
        scroll.to_end();
        if self.gap.get_untracked().is_some() {
            store.reset_timeline(self.id);
        }
    }

    /// Fetches messages when the connection opens, and more when the user scrolls near the first message or near a gap.
    pub(super) fn load_as_needed(self, store: ClientStore, scroll: ScrollPosition) {
        effect(move || {
            if store.connection_status.get() == ConnectionStatus::Online
                && !self.is_loaded.get()
                && self.load.get() == LoadState::Idle
            {
                self.load_missing(store, scroll);
            }
        });
        effect(move || {
            let may_load = scroll.near_start.get() && self.has_older.get() && self.load.get() == LoadState::Idle;
            if let Some(oldest) = self.timeline.with_untracked(Timeline::oldest).filter(|_| may_load) {
                // The next scroll event sets it again if the user is still near the start with the older messages above.
                scroll.near_start.set(false);
                store.load(self.id, PageRange::Older(oldest));
            }
        });
        effect(move || {
            let may_load = scroll.near_gap.get() && self.load.get() == LoadState::Idle;
            if self.gap.get().is_some() && may_load {
                scroll.near_gap.set(false);
                self.load_newer(store);
            }
        });
    }

    /// Fetches the messages after the gap.
    pub(super) fn load_newer(self, store: ClientStore) {
        if let Some(gap) = self.gap.get_untracked() {
            store.load(self.id, PageRange::Newer(gap));
        }
    }

    /// Fetches the first page, or older messages if there is a page already.
    pub(super) fn load_missing(self, store: ClientStore, scroll: ScrollPosition) {
        let oldest = self.timeline.with_untracked(Timeline::oldest);
        let range = match (self.is_loaded.get_untracked(), oldest) {
            // After a reset the page begins somewhat above the user's position.
            (false, _) => {
                // What was missed meanwhile is new. Before the connection the number of unread messages may have been unknown.
                if let Some(unread) = unread_after(store, self.id) {
                    self.new_after.set(Some(unread));
                }
                let top = if scroll.at_end.get_untracked() { None } else { self.top_message(scroll) };
                let unread = self.new_after.get_untracked().filter(|_| self.opens_at_unread.get_untracked());
                let named = self.fetch_around.get_untracked().or(unread);
                self.fetch_around.set(None);
                named.or(top).map_or(PageRange::Newest, page_around)
            }
            (true, Some(oldest)) => PageRange::Older(oldest),
            (true, None) => return,
        };
        store.load(self.id, range);
    }

    /// When the conversation was opened: brings the first unread message into view, after fetching the messages around it if it
    /// is not loaded.
    pub(super) fn open_at_unread(self, store: ClientStore, scroll: ScrollPosition) {
        effect(move || {
            scroll.shown.track();
            let is_due = self.opens_at_unread.get() && self.is_loaded.get() && scroll.is_shown();
            let Some(read) = self.new_after.get_untracked().filter(|_| is_due) else { return };
            let is_loaded = self.timeline.with_untracked(|timeline| {
                !timeline.has_more_before() || timeline.oldest().is_some_and(|oldest| oldest <= read.next())
            });
            if is_loaded {
                return request_animation_frame(move || {
                    scroll.show_new();
                    self.opens_at_unread.try_set(false);
                });
            }
            if store.connection_status.get() == ConnectionStatus::Online {
                store.reset_timeline(self.id);
            }
        });
    }

    /// Scrolls to the message that the address names, after fetching the messages around it if it is not loaded.
    pub(super) fn follow_address(self, store: ClientStore, scroll: ScrollPosition, named: Memo<Option<Seq>>) {
        let mut fetched = None;
        effect(move || self.target.set(named.get()));
        effect(move || {
            let Some(seq) = self.target.get().filter(|_| self.is_loaded.get()) else { return };
            self.opens_at_unread.set(false);
            let is_in_view =
                |timeline: &Timeline| timeline.messages().find(|message| message.seq == seq).map(|it| it.id);
            if let Some(id) = self.timeline.with(is_in_view) {
                self.target.set(None);
                return request_animation_frame(move || scroll.show(id));
            }
            if store.connection_status.get() != ConnectionStatus::Online {
                return;
            }
            // The messages around it are there, or were fetched, so there is no such message.
            let is_covered = self.timeline.with_untracked(|timeline| {
                timeline.oldest().is_some_and(|oldest| oldest < seq) && timeline.gap().is_none_or(|gap| gap > seq)
            });
            if fetched.replace(seq) == Some(seq) || is_covered {
                return self.target.set(None);
            }
            self.fetch_around.set(Some(seq));
            store.reset_timeline(self.id);
        });
    }

    /// The first message in view.
    fn top_message(self, scroll: ScrollPosition) -> Option<Seq> {
        let id = scroll.anchor()?;
        self.timeline.with_untracked(|timeline| timeline.by_id(id).map(|message| message.seq))
    }

    /// Marks the conversation as read while the user sees its end: the page is visible and has the focus, and the user does not
    /// keep messages unread. Otherwise unread messages are shown as new.
    pub(super) fn mark_read_at_end(self, store: ClientStore, scroll: ScrollPosition) {
        let update = move || {
            store.conversations.track();
            scroll.shown.track();
            let page = document();
            let has_attention = !page.hidden() && page.has_focus().unwrap_or(false) && scroll.is_shown();
            let sees_end = scroll.at_end.get() && !self.opens_at_unread.get();
            let may_mark = sees_end && has_attention && !store.keeps_unread(self.id.conversation);
            if may_mark && self.is_loaded.get() && self.gap.get().is_none() {
                store.mark_read(self.id.conversation);
            } else if let Some(unread) = unread_after(store, self.id)
                && self.new_after.get_untracked() != Some(unread)
            {
                self.new_after.set(Some(unread));
            }
        };
        effect(update);
        effect(move || {
            let focused = window_event_listener(ev::focus, move |_| untrack(update));
            let shown = window_event_listener(ev::visibilitychange, move |_| untrack(update));
            on_cleanup(move || {
                focused.remove();
                shown.remove();
            });
        });
    }
}
