//! Access to the chunk `chat`.

use leptos::prelude::*;

use crate::{
    domain::{ConversationId, Seq},
    ui::{
        changes::{
            away::{Missed, look_for_missed, missed_view},
            pins::{pin_button, pins_panel},
            versions::versions,
        },
        i18n::texts,
        kit::{
            boxed::{Boxed, Boxing as _},
            lazy::{Lazy, lazy},
        },
    },
};

/// The functions of the chunk.
#[derive(Clone, Copy)]
pub(crate) struct ChangesFunctions {
    /// The button in the header of a conversation that has pinned messages. It opens and closes their list.
    pub(crate) pin_button: fn(ConversationId, RwSignal<bool>) -> Boxed,
    /// The list of the pinned messages; the user may unpin them or not. Closing it sets the signal to `false`.
    pub(crate) pins_panel: fn(ConversationId, Signal<bool>, RwSignal<bool>) -> Boxed,
    /// The texts that a message has had.
    pub(crate) versions: fn(ConversationId, Seq) -> Boxed,
    /// Finds out what has changed of the messages up to a read mark. Sets the signal if anything has.
    pub(crate) look_for_missed: fn(ConversationId, Seq, RwSignal<Option<Missed>>),
    /// The box that says what a reader has missed.
    pub(crate) missed_view: fn(ConversationId, &Missed) -> Boxed,
}

const FUNCTIONS: ChangesFunctions = ChangesFunctions { pin_button, pins_panel, versions, look_for_missed, missed_view };

lazy!(
    chat: CHANGES_FUNCTIONS, load_changes_functions, fill_changes_functions, ChangesFunctions = FUNCTIONS,
    styles "changes.css", "room_panel.css"
);

/// The chunk. A handle: copies share the same state.
#[derive(Clone, Copy)]
pub(crate) struct LazyChanges(Lazy<ChangesFunctions>);

impl LazyChanges {
    pub(crate) fn new() -> Self {
        Self(Lazy::new(&CHANGES_FUNCTIONS, load_changes_functions))
    }

    /// The functions, once the chunk is loaded. Tracks the loading.
    pub(crate) fn functions(self) -> Option<ChangesFunctions> {
        self.0.get_tracked()
    }

    /// A view that a function of the chunk makes, once the chunk is loaded; or an error if it can't be loaded.
    pub(crate) fn view(self, view: impl FnOnce(ChangesFunctions) -> Boxed) -> Boxed {
        self.0.view(texts(), view)
    }

    /// A view that a function of the chunk makes, once the chunk is loaded. Nothing misses it before.
    pub(crate) fn quiet_view(self, view: impl FnOnce(ChangesFunctions) -> Boxed) -> Boxed {
        self.0.get_tracked().map_or_else(|| ().boxed(), view)
    }
}
