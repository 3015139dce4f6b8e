//! The box in the timeline that says what has changed while the reader was away.

use leptos::prelude::*;

use crate::{
    client::{ClientStore, ConnectionStatus},
    domain::{ConversationId, Seq},
    state::{Row, Timeline},
    ui::{
        changes::{LazyChanges, Missed},
        kit::{
            boxed::{Boxed, Boxing as _},
            reactive::{effect, reactive_view},
        },
    },
};

/// What a reader has missed of one conversation. It stays as it is for as long as the conversation is open. A handle: copies
/// share the same state.
#[derive(Clone, Copy)]
pub(super) struct MissedBox {
    conversation: ConversationId,
    /// The newest event when the conversation was opened. What comes later is seen as it comes.
    opened_at: Seq,
    found: RwSignal<Option<Missed>>,
    changes: LazyChanges,
}

impl MissedBox {
    /// Looks for it as soon as there is a connection and the code for it.
    pub(super) fn new(store: ClientStore, conversation: ConversationId) -> Self {
        let (read_up_to, opened_at) = store.conversations.with_untracked(|conversations| {
            conversations.get(conversation).map_or((Seq::ZERO, Seq::ZERO), |it| (it.read_seq, it.last_seq))
        });
        let (found, changes) = (RwSignal::new(None), LazyChanges::new());
        // Somebody who has read nothing yet has missed no change.
        let mut is_due = Seq::ZERO < read_up_to && read_up_to < opened_at;
        effect(move || {
            let is_online = store.connection_status.get() == ConnectionStatus::Online;
            if let Some(functions) = changes.functions().filter(|_| is_due && is_online) {
                is_due = false;
                (functions.look_for_missed)(conversation, read_up_to, found);
            }
        });
        Self { conversation, opened_at, found, changes }
    }

    /// Where the box is among the rows, if there is one: above the new messages, or below those that were there before.
    pub(super) fn place(self, rows: &[Row], timeline: Signal<Timeline>) -> Option<usize> {
        self.found.with(Option::is_some).then(|| {
            let is_later = |row: &Row| match row {
                Row::New => true,
                Row::Message { id, .. } => timeline
                    .with_untracked(|timeline| timeline.by_id(*id).is_none_or(|message| message.seq > self.opened_at)),
                Row::Day { .. } | Row::Notices { .. } => false,
            };
            rows.iter().position(is_later).unwrap_or(rows.len())
        })
    }

    /// The row with the box.
    pub(super) fn view(self) -> Boxed {
        let Self { conversation, found, changes, .. } = self;
        let content = move || {
            changes.quiet_view(|changes| {
                found.with(|found| {
                    found.as_ref().map_or_else(|| ().boxed(), |missed| (changes.missed_view)(conversation, missed))
                })
            })
        };
        view! { <li class="away-row">{reactive_view(content)}</li> }.boxed()
    }
}
