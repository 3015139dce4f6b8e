//! The model of the timeline: which rows it shows, and the signals that the rows follow.

use std::{cell::Cell, collections::HashSet, time::Duration};

use leptos::prelude::*;

use crate::{
    client::{ClientStore, LoadState, TimelineId},
    domain::{CommandId, Seq},
    state::{Outgoing, Row, Timeline, rows},
    ui::{
        chat::{
            message_view::message_view,
            quote::LazyQuotes,
            timeline::{menu::Menu, row_signals::RowSignals},
        },
        kit::{
            reactive::{effect, memo, set_if_changed},
            time_format,
        },
        markdown::Formatting,
    },
};

/// How often to check whether a new day has begun.
const MIDNIGHT_CHECK: Duration = Duration::from_mins(1);

/// The rows, and which messages start a group. These are kept apart, so that a row is not rendered again when its message
/// starts a group or no longer does.
#[derive(Clone, Default, PartialEq)]
struct TimelineRows {
    rows: Vec<Row>,
    group_starts: HashSet<CommandId>,
}

/// The model of one timeline. A handle: copies share the same state.
#[derive(Clone, Copy)]
pub(super) struct TimelineModel {
    /// Which messages it has.
    pub(super) id: TimelineId,
    /// The messages.
    pub(super) timeline: Signal<Timeline>,
    /// The state of their fetching.
    pub(super) load: Signal<LoadState>,
    /// Notifies at midnight, when the names of days change.
    pub(super) midnight: Trigger,
    /// Whether there is something to show, even if it is that there are no messages.
    pub(super) is_known: Memo<bool>,
    /// Whether messages have been fetched that the connection's events follow without a gap.
    pub(super) is_loaded: Memo<bool>,
    /// Whether the server has older messages.
    pub(super) has_older: Memo<bool>,
    /// The last message before the gap, if messages after it are missing.
    pub(super) gap: Memo<Option<Seq>>,
    /// Messages of others after this one are new to the user.
    pub(super) new_after: RwSignal<Option<Seq>>,
    /// Whether the conversation was just opened and has unread messages, of which the first is yet to be brought into view.
    pub(super) opens_at_unread: RwSignal<bool>,
    /// The message to scroll to, which the address names, until that is done.
    pub(super) target: RwSignal<Option<Seq>>,
    /// The reply from which the user has jumped to the message that it answers.
    pub(super) way_back: RwSignal<Option<Seq>>,
    /// The message around which to fetch messages.
    pub(super) fetch_around: RwSignal<Option<Seq>>,
    rows: Memo<TimelineRows>,
    row_signals: StoredValue<Vec<(CommandId, RowSignals)>>,
}

impl TimelineModel {
    pub(super) fn new(store: ClientStore, id: TimelineId) -> Self {
        let TimelineId { conversation, thread } = id;
        let timeline: Signal<Timeline> = store.timeline(id).into();
        let is_known = memo(move || timeline.with(Timeline::is_known));
        let is_loaded = memo(move || timeline.with(Timeline::is_loaded));
        let has_older = memo(move || timeline.with(Timeline::has_more_before));
        let gap = memo(move || timeline.with(Timeline::gap));
        let new_after = RwSignal::new(unread_after(store, id));
        let rows = memo(move || {
            let me = store.me.with(|me| me.as_ref().map(|me| me.id));
            let Some(me) = me.filter(|_| is_known.get()) else { return TimelineRows::default() };
            let rows = timeline.with(|timeline| {
                store.outbox.with(|outbox| {
                    let is_of_it = |outgoing: &&Outgoing| is_in_thread(timeline, thread, outgoing);
                    let outgoing = outbox.messages_to(conversation).filter(is_of_it);
                    store
                        .blocks
                        .with(|blocks| rows(timeline, outgoing, me, new_after.get(), blocks, time_format::day_of))
                })
            });
            let group_starts = rows.iter().filter_map(|row| match row {
                Row::Message { id, starts_group: true } => Some(*id),
                _ => None,
            });
            TimelineRows { group_starts: group_starts.collect(), rows }
        });
        let load = store.load_state(id).into();
        let midnight = Trigger::new();
        effect(move || {
            let today = Cell::new(time_format::today());
            // A timer set for midnight would fire late if the computer had slept in between.
            let check = move || {
                if today.replace(time_format::today()) != today.get() {
                    midnight.notify();
                }
            };
            if let Ok(timer) = set_interval_with_handle(check, MIDNIGHT_CHECK) {
                on_cleanup(move || timer.clear());
            }
        });
        Self {
            id,
            timeline,
            load,
            midnight,
            is_known,
            is_loaded,
            has_older,
            gap,
            new_after,
            opens_at_unread: RwSignal::new(new_after.with_untracked(Option::is_some)),
            target: RwSignal::new(None),
            way_back: RwSignal::new(None),
            fetch_around: RwSignal::new(None),
            rows,
            row_signals: StoredValue::default(),
        }
    }

    /// The rows to show.
    pub(super) fn rows(self) -> Vec<Row> {
        self.rows.with(|rows| rows.rows.clone())
    }

    /// Makes the current effect run again when the rows change.
    pub(super) fn track_rows(self) {
        self.rows.track();
    }

    /// Whether there are no rows.
    pub(super) fn is_empty(self) -> bool {
        self.rows.with(|rows| rows.rows.is_empty())
    }

    /// Whether the conversation's first message is loaded, or there is none.
    pub(super) fn is_complete(self) -> bool {
        self.is_loaded.get() && !self.has_older.get()
    }

    /// Makes the signals for the row of a message. [`update_rows`](Self::update_rows) sets them until the row is cleaned up.
    pub(super) fn row_signals(
        self,
        store: ClientStore,
        id: CommandId,
        menu: Menu,
        formatting: Formatting,
    ) -> RowSignals {
        let view = untrack(|| message_view(store, self.id.conversation, self.timeline, id));
        let row = RowSignals {
            view: RwSignal::new(view),
            starts_group: RwSignal::new(self.rows.with_untracked(|rows| rows.group_starts.contains(&id))),
            has_menu: RwSignal::new(menu.state.get_untracked().is_at(id)),
            formatting: RwSignal::new(untrack(|| formatting.state())),
            quote: RwSignal::new(None),
            is_being_edited: RwSignal::new(untrack(|| menu.draft.edited_message()) == Some(id)),
        };
        self.row_signals.update_value(|all| all.push((id, row)));
        on_cleanup(move || {
            self.row_signals.try_update_value(|all| all.retain(|(other, _)| *other != id));
        });
        row
    }

    /// Keeps the signals of all rows up to date.
    pub(super) fn update_rows(self, store: ClientStore, menu: Menu, formatting: Formatting, quotes: LazyQuotes) {
        effect(move || self.update_quotes(store, quotes));
        effect(move || {
            // Tracked once here, because the views of all rows depend on the same signals.
            self.timeline.track();
            store.outbox.track();
            store.blocks.track();
            store.me.track();
            store.presence.track();
            for (id, RowSignals { view: current, .. }) in self.row_signals.get_value() {
                let view = untrack(|| message_view(store, self.id.conversation, self.timeline, id));
                if current.with_untracked(|current| *current != view) {
                    current.set(view);
                }
            }
        });
        effect(move || {
            self.rows.with(|rows| {
                for (id, RowSignals { starts_group, .. }) in self.row_signals.get_value() {
                    set_if_changed(starts_group, rows.group_starts.contains(&id));
                }
            });
        });
        effect(move || {
            let state = formatting.state();
            for (_, RowSignals { formatting, .. }) in self.row_signals.get_value() {
                if formatting.get_untracked() != state {
                    formatting.set(state);
                }
            }
        });
        effect(move || {
            let (state, edited) = (menu.state.get(), menu.draft.edited_message());
            for (id, RowSignals { has_menu, is_being_edited, .. }) in self.row_signals.get_value() {
                set_if_changed(has_menu, state.is_at(id));
                set_if_changed(is_being_edited, edited == Some(id));
            }
        });
    }
}

impl TimelineModel {
    /// Shows what the replies among the rows answer.
    fn update_quotes(self, store: ClientStore, quotes: LazyQuotes) {
        self.timeline.track();
        store.outbox.track();
        self.rows.track();
        let original = |row: &RowSignals| row.view.with_untracked(|view| Some(view.as_ref()?.message.reply?.to));
        let rows = self.row_signals.get_value().into_iter();
        let replies: Vec<_> = rows.filter_map(|(_, row)| Some((original(&row)?, row.quote))).collect();
        let seqs: Vec<Seq> = replies.iter().map(|(seq, _)| *seq).collect();
        for ((_, current), quote) in replies.into_iter().zip(quotes.find(store, self.id, self.timeline, &seqs)) {
            if current.with_untracked(|current| current.as_ref() != Some(&quote)) {
                current.set(Some(quote));
            }
        }
    }
}

/// Whether a message on its way belongs to the thread, if this is one.
pub(super) fn is_in_thread(timeline: &Timeline, thread: Option<Seq>, outgoing: &Outgoing) -> bool {
    thread.is_none() || outgoing.reply_to().is_some_and(|original| timeline.get(original).is_some())
}

/// The position up to which the user has read, if there are unread messages. What is new in a thread is not marked there.
pub(super) fn unread_after(store: ClientStore, TimelineId { conversation, thread }: TimelineId) -> Option<Seq> {
    store.conversations.with_untracked(|conversations| {
        let conversation = conversations.get(conversation).filter(|_| thread.is_none());
        conversation.filter(|conversation| conversation.unread > 0).map(|conversation| conversation.read_seq)
    })
}
