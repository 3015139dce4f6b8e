//! The pinned messages of the open conversation: the button in its header, and the list beside it.

use leptos::prelude::*;

use crate::{
    client::ClientStore,
    domain::{ConversationId, Role, Room},
    ui::{
        changes::LazyChanges,
        context::router::{Navigator, conversation_path},
        kit::{
            boxed::{Boxed, Boxing as _},
            reactive::effect,
        },
        rooms::{Panel, rank},
    },
};

/// The pinned messages of one conversation. A handle: copies share the same state.
#[derive(Clone, Copy)]
pub(super) struct Pins {
    conversation: ConversationId,
    changes: LazyChanges,
    /// Whether the list is open.
    is_open: RwSignal<bool>,
    /// Whether the user may remove pins.
    may_unpin: Signal<bool>,
}

impl Pins {
    /// Of the list, the `panel` beside a room and a thread, one is open at a time.
    pub(super) fn new(
        store: ClientStore,
        navigator: Navigator,
        conversation: ConversationId,
        room: Memo<Option<Room>>,
        panel: RwSignal<Option<Panel>>,
    ) -> Self {
        let is_open = RwSignal::new(false);
        effect(move || {
            if panel.get().is_some() || navigator.thread.get().is_some() {
                is_open.set(false);
            }
        });
        effect(move || {
            if is_open.get() {
                panel.set(None);
                if navigator.thread.with_untracked(Option::is_some) {
                    navigator.go_to(&conversation_path(conversation));
                }
            }
        });
        let may_unpin =
            Signal::derive(move || room.get().is_none_or(|room| !room.archived && rank(store, &room) > Role::Member));
        Self { conversation, changes: LazyChanges::new(), is_open, may_unpin }
    }

    /// The button that opens and closes the list.
    pub(super) fn button(self) -> Boxed {
        self.changes.quiet_view(|changes| (changes.pin_button)(self.conversation, self.is_open))
    }

    /// The list, while it is open.
    pub(super) fn panel(self) -> Boxed {
        if !self.is_open.get() {
            return ().boxed();
        }
        self.changes.view(|changes| (changes.pins_panel)(self.conversation, self.may_unpin, self.is_open))
    }
}
