//! The state of the list: what is offered, and which choice is active.

use leptos::{html, prelude::*};

use crate::{
    client::ClientStore,
    domain::{ConversationId, User},
};

/// The list of choices of one composer. A handle: copies share the same state.
#[derive(Clone, Copy)]
pub(crate) struct Completion {
    store: StoredValue<ClientStore>,
    /// The conversation that the text goes to.
    pub(super) conversation: ConversationId,
    /// The text field, whose id begins the ids of the list's elements.
    pub(super) field: NodeRef<html::Textarea>,
    /// The id of the text field.
    pub(super) name: &'static str,
    /// What is offered; `None` while the list is closed.
    pub(super) offer: RwSignal<Option<Offer>>,
    /// Counts the changes of the text: an answer to an earlier one is dropped.
    pub(super) change: StoredValue<u32>,
    /// What was chosen, dismissed or not found: where it begins, and a text. Nothing is offered again for that text and what is
    /// typed after it.
    pub(super) settled: StoredValue<Option<(usize, String)>>,
}

/// What is offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Offer {
    /// Where the sign is in the text, in bytes.
    pub(super) start: usize,
    pub(super) sign: char,
    /// What was typed after the sign.
    pub(super) typed: String,
    /// The choices, at least one.
    pub(super) choices: Vec<Choice>,
    /// The index of the active choice.
    pub(super) active: usize,
}

/// One of the choices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Choice {
    /// What replaces the sign and what was typed after it.
    pub(super) text: String,
    pub(super) label: ChoiceLabel,
}

/// What a choice shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ChoiceLabel {
    /// A user.
    User {
        user: User,
        /// Whether the user is not in the conversation.
        is_outside: bool,
    },
    /// Everyone in the room.
    Everyone,
    /// An emoji, which is the text.
    Emoji { name: &'static str },
}

impl Completion {
    pub(super) fn new(
        store: ClientStore,
        conversation: ConversationId,
        field: NodeRef<html::Textarea>,
        name: &'static str,
    ) -> Self {
        Self {
            store: StoredValue::new(store),
            conversation,
            field,
            name,
            offer: RwSignal::new(None),
            change: StoredValue::new(0),
            settled: StoredValue::new(None),
        }
    }

    pub(super) fn store(self) -> ClientStore {
        self.store.get_value()
    }

    /// Closes the list, and drops an answer that is on its way. A field that is removed loses its focus when this is gone
    /// already.
    pub(super) fn close(self) {
        self.change.try_update_value(|change| *change += 1);
        if self.offer.try_with_untracked(Option::is_some) == Some(true) {
            self.offer.set(None);
        }
    }

    /// The id of the list.
    pub(super) fn list_id(self) -> String {
        format!("{}-choices", self.name)
    }

    /// The id of a choice.
    pub(super) fn choice_id(self, index: usize) -> String {
        format!("{}-choice-{index}", self.name)
    }
}
