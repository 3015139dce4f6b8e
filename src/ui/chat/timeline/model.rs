//! What the timeline shows, and what follows from looking at it.

use std::{cell::Cell, collections::HashSet, time::Duration};

use leptos::{ev, prelude::*};

use crate::{
    client::{ConnectionStatus, LoadState, Store},
    domain::{CommandId, ConversationId, Seq},
    state::{PageRange, Row, Timeline, rows},
    ui::{
        chat::{
            message_view::{MessageView, seen},
            timeline::{
                menu::Menu,
                scroll::{Scroll, set_if_changed},
            },
        },
        kit::{
            reactive::{effect, memo},
            time_format,
        },
    },
};

/// How many events before the reader's place a new start begins, so that some messages stand above it.
const ABOVE: u64 = 20;

/// How long a day may still be called today when it no longer is.
const A_MINUTE: Duration = Duration::from_mins(1);

/// The rows, and which messages start a group: the row of a message stays the same row when that changes.
#[derive(Clone, Default, PartialEq)]
struct TimelineRows {
    rows: Vec<Row>,
    heads: HashSet<CommandId>,
}

/// What one timeline shows. A handle: copies are the same timeline.
#[derive(Clone, Copy)]
pub(crate) struct Model {
    /// The messages.
    pub(crate) timeline: Signal<Timeline>,
    /// How their fetching stands.
    pub(crate) load: Signal<LoadState>,
    /// Changes at midnight: days are called otherwise from then on.
    pub(crate) midnight: Trigger,
    /// Whether there is something to show, if only that there is nothing.
    pub(crate) is_known: Memo<bool>,
    is_loaded: Memo<bool>,
    has_more: Memo<bool>,
    /// The last message before the gap, if there is one.
    pub(crate) gap: Memo<Option<Seq>>,
    /// Messages of others behind it are new to the reader.
    new_after: RwSignal<Option<Seq>>,
    rows: Memo<TimelineRows>,
    followed: StoredValue<Vec<(CommandId, RowSignals)>>,
}

/// What the row of a message follows. No row follows the timeline itself: there are hundreds of them, each with a dozen
/// parts, and all of these would be asked whether anything has changed whenever a message comes in anywhere. Nor does it
/// follow anything else that outlives it: what does keeps a place for everything that ever followed it.
#[derive(Clone, Copy)]
pub(crate) struct RowSignals {
    /// The message as it stands.
    pub(crate) seen: RwSignal<Option<MessageView>>,
    /// Whether author and time stand above it.
    pub(crate) starts_group: RwSignal<bool>,
    /// Whether the menu is at it.
    pub(crate) is_at_hand: RwSignal<bool>,
    /// Whether its text stands in the composer.
    pub(crate) is_edited: RwSignal<bool>,
}

impl Model {
    pub(crate) fn new(store: Store, conversation: ConversationId) -> Self {
        let timeline: Signal<Timeline> = store.timeline(conversation).into();
        let is_known = memo(move || timeline.with(Timeline::is_known));
        let is_loaded = memo(move || timeline.with(Timeline::is_loaded));
        let has_more = memo(move || timeline.with(Timeline::has_more_before));
        let gap = memo(move || timeline.with(Timeline::gap));
        let new_after = RwSignal::new(unread_after(store, conversation));
        let rows = memo(move || {
            let me = store.me.with(|me| me.as_ref().map(|me| me.id));
            let Some(me) = me.filter(|_| is_known.get()) else { return TimelineRows::default() };
            let rows = timeline.with(|timeline| {
                store.outbox.with(|outbox| {
                    let outgoing = outbox.messages_to(conversation);
                    store
                        .blocks
                        .with(|blocks| rows(timeline, outgoing, me, new_after.get(), blocks, time_format::day_of))
                })
            });
            let heads = rows.iter().filter_map(|row| match row {
                Row::Message { id, starts_group: true } => Some(*id),
                _ => None,
            });
            TimelineRows { heads: heads.collect(), rows }
        });
        let load = store.load_state(conversation).into();
        let midnight = Trigger::new();
        effect(move || {
            let today = Cell::new(time_format::today());
            // A timer for midnight itself would be late by as long as the machine sleeps.
            let look = move || {
                if today.replace(time_format::today()) != today.get() {
                    midnight.notify();
                }
            };
            if let Ok(timer) = set_interval_with_handle(look, A_MINUTE) {
                on_cleanup(move || timer.clear());
            }
        });
        Self {
            timeline,
            load,
            midnight,
            is_known,
            is_loaded,
            has_more,
            gap,
            new_after,
            rows,
            followed: StoredValue::default(),
        }
    }

    /// The rows to show.
    pub(crate) fn rows(self) -> Vec<Row> {
        self.rows.with(|rows| rows.rows.clone())
    }

    /// Whether there is nothing to show.
    pub(crate) fn is_empty(self) -> bool {
        self.rows.with(|rows| rows.rows.is_empty())
    }

    /// Whether the very first message is here, if there is any.
    pub(crate) fn is_complete(self) -> bool {
        self.is_loaded.get() && !self.has_more.get()
    }

    /// What the row of this message follows, for as long as there is that row.
    pub(crate) fn follow(self, store: Store, conversation: ConversationId, id: CommandId, menu: Menu) -> RowSignals {
        let seen = untrack(|| seen(store, conversation, self.timeline, id));
        let followed = RowSignals {
            seen: RwSignal::new(seen),
            starts_group: RwSignal::new(self.rows.with_untracked(|rows| rows.heads.contains(&id))),
            is_at_hand: RwSignal::new(menu.place.get_untracked().is_at(id)),
            is_edited: RwSignal::new(untrack(|| menu.draft.edited()) == Some(id)),
        };
        self.followed.update_value(|all| all.push((id, followed)));
        on_cleanup(move || {
            self.followed.try_update_value(|all| all.retain(|(other, _)| *other != id));
        });
        followed
    }

    /// Tells the rows what concerns them.
    pub(crate) fn tell_rows(self, store: Store, conversation: ConversationId, menu: Menu) {
        effect(move || {
            // All of them depend on the same.
            self.timeline.track();
            store.outbox.track();
            store.blocks.track();
            store.me.track();
            store.presence.track();
            for (id, RowSignals { seen: known, .. }) in self.followed.get_value() {
                let seen = untrack(|| seen(store, conversation, self.timeline, id));
                if known.with_untracked(|known| *known != seen) {
                    known.set(seen);
                }
            }
        });
        effect(move || {
            self.rows.with(|rows| {
                for (id, RowSignals { starts_group, .. }) in self.followed.get_value() {
                    set_if_changed(starts_group, rows.heads.contains(&id));
                }
            });
        });
        effect(move || {
            let (place, edited) = (menu.place.get(), menu.draft.edited());
            for (id, RowSignals { is_at_hand, is_edited, .. }) in self.followed.get_value() {
                set_if_changed(is_at_hand, place.is_at(id));
                set_if_changed(is_edited, edited == Some(id));
            }
        });
    }

    /// When the rows change, the reader stays at the end, or at the message that was in view.
    pub(crate) fn keep_place(self, store: Store, conversation: ConversationId, scroll: Scroll) {
        effect(move || {
            self.timeline.track();
            self.rows.track();
            scroll.rows_changed(!self.is_empty(), self.gap.get().is_some());
        });
        // What nobody looks at goes.
        effect(move || {
            self.timeline.track();
            store.trim(conversation, if scroll.at_end.get() { None } else { untrack(|| self.place(scroll)) });
        });
        // Who writes wants to see it.
        let mut before = None;
        effect(move || {
            let on_their_way = store.outbox.with(|outbox| outbox.messages_to(conversation).count());
            if before.replace(on_their_way).is_some_and(|before| before < on_their_way) {
                self.to_latest(store, conversation, scroll);
            }
        });
    }

    /// Shows the newest messages, wherever the reader is.
    pub(crate) fn to_latest(self, store: Store, conversation: ConversationId, scroll: Scroll) {
        scroll.to_end();
        if self.gap.get_untracked().is_some() {
            store.restart(conversation);
        }
    }

    /// Fetches messages as soon as there is a connection, and further ones when the reader nears the first or a gap.
    pub(crate) fn load_as_needed(self, store: Store, conversation: ConversationId, scroll: Scroll) {
        effect(move || {
            if store.link.get() == ConnectionStatus::Online
                && !self.is_loaded.get()
                && self.load.get() == LoadState::Idle
            {
                self.load_missing(store, conversation, scroll);
            }
        });
        effect(move || {
            let may_load = scroll.near_start.get() && self.has_more.get() && self.load.get() == LoadState::Idle;
            if let Some(oldest) = self.timeline.with_untracked(Timeline::oldest).filter(|_| may_load) {
                // Near again only if the reader still is once the older ones stand above.
                scroll.near_start.set(false);
                store.load(conversation, PageRange::Older(oldest));
            }
        });
        effect(move || {
            let may_load = scroll.near_gap.get() && self.load.get() == LoadState::Idle;
            if self.gap.get().is_some() && may_load {
                scroll.near_gap.set(false);
                self.load_newer(store, conversation);
            }
        });
    }

    /// Fetches what lies behind the gap.
    pub(crate) fn load_newer(self, store: Store, conversation: ConversationId) {
        if let Some(gap) = self.gap.get_untracked() {
            store.load(conversation, PageRange::Newer(gap));
        }
    }

    /// Fetches what has not come yet: the first messages, or older ones.
    pub(crate) fn load_missing(self, store: Store, conversation: ConversationId, scroll: Scroll) {
        let oldest = self.timeline.with_untracked(Timeline::oldest);
        let stretch = match (self.is_loaded.get_untracked(), oldest) {
            // After a new start: where the reader is, with some of what stands above.
            (false, _) => {
                // What was missed meanwhile is new. Before a connection it may not have been known what is unread.
                if let Some(unread) = unread_after(store, conversation) {
                    self.new_after.set(Some(unread));
                }
                let place = if scroll.at_end.get_untracked() { None } else { self.place(scroll) };
                place.map_or(PageRange::Newest, |seq| PageRange::From(Seq(seq.0.saturating_sub(ABOVE))))
            }
            (true, Some(oldest)) => PageRange::Older(oldest),
            (true, None) => return,
        };
        store.load(conversation, stretch);
    }

    /// The message that stands at the top of the view.
    fn place(self, scroll: Scroll) -> Option<Seq> {
        let id = scroll.place()?;
        self.timeline.with_untracked(|timeline| timeline.by_id(id).map(|message| message.seq))
    }

    /// What stands at the end, in view, on a page that has the reader's attention, has been read. What comes otherwise is new
    /// to whoever comes back.
    pub(crate) fn mark_what_is_seen(self, store: Store, conversation: ConversationId, scroll: Scroll) {
        let look = move || {
            store.conversations.track();
            scroll.shown.track();
            let page = document();
            let has_attention = !page.hidden() && page.has_focus().unwrap_or(false) && scroll.is_shown();
            if scroll.at_end.get() && self.is_loaded.get() && self.gap.get().is_none() && has_attention {
                store.mark_read(conversation);
            } else if let Some(unread) = unread_after(store, conversation)
                && self.new_after.get_untracked() != Some(unread)
            {
                self.new_after.set(Some(unread));
            }
        };
        effect(look);
        effect(move || {
            let focused = window_event_listener(ev::focus, move |_| untrack(look));
            let shown = window_event_listener(ev::visibilitychange, move |_| untrack(look));
            on_cleanup(move || {
                focused.remove();
                shown.remove();
            });
        });
    }
}

/// Up to where the reader has read, if there is more.
fn unread_after(store: Store, conversation: ConversationId) -> Option<Seq> {
    store.conversations.with_untracked(|conversations| {
        conversations.get(conversation).filter(|talk| talk.unread > 0).map(|talk| talk.read_seq)
    })
}
