//! Access to the functions, which load lazily.

use leptos::{ev::KeyboardEvent, html, prelude::*};

use crate::{
    client::ClientStore,
    domain::ConversationId,
    ui::{
        chat::composer::completion::{
            choices::Completion,
            functions::{self, CompletionFunctions},
        },
        kit::{
            boxed::Boxed,
            lazy::{Lazy, lazy},
        },
    },
};

lazy!(chat: FUNCTIONS, load_functions, fill_functions, CompletionFunctions = functions::FUNCTIONS, styles "completion.css");

/// The completion of what is typed in one composer. A handle: copies share the same state.
///
/// While the list is open, the field says which choice is active by `aria-activedescendant`. It stays a text box, because a
/// combobox has a single line (ARIA in HTML allows no other role for `<textarea>`).
#[derive(Clone, Copy)]
pub(crate) struct LazyCompletion {
    completion: Completion,
    functions: Lazy<CompletionFunctions>,
}

impl LazyCompletion {
    /// For the text field of this id.
    pub(crate) fn new(
        store: ClientStore,
        conversation: ConversationId,
        field: NodeRef<html::Textarea>,
        name: &'static str,
    ) -> Self {
        Self {
            completion: Completion::new(store, conversation, field, name),
            functions: Lazy::new(&FUNCTIONS, load_functions),
        }
    }

    /// The text or the caret has changed.
    pub(crate) fn on_change(self) {
        if let Some(functions) = self.functions.get() {
            (functions.on_change)(self.completion);
        }
    }

    /// Handles a key. Returns whether it was for the list.
    pub(crate) fn on_key_down(self, event: &KeyboardEvent) -> bool {
        self.functions.get().is_some_and(|functions| (functions.on_key_down)(self.completion, event))
    }

    /// Closes the list.
    pub(crate) fn close(self) {
        self.completion.close();
    }

    /// The id of the list, while it is open.
    pub(crate) fn list_id(self) -> Option<String> {
        self.completion.offer.with(Option::is_some).then(|| self.completion.list_id())
    }

    /// The id of the active choice, while the list is open.
    pub(crate) fn active_id(self) -> Option<String> {
        let active = self.completion.offer.with(|offer| offer.as_ref().map(|offer| offer.active));
        active.map(|index| self.completion.choice_id(index))
    }

    /// What screen readers say of the list: how many choices there are, and which one is active.
    pub(crate) fn status(self) -> String {
        self.functions.get_tracked().map_or_else(String::new, |functions| (functions.status)(self.completion))
    }

    /// The list; empty until its code has loaded.
    pub(crate) fn view(self) -> Option<Boxed> {
        self.functions.get_tracked().map(|functions| (functions.view)(self.completion))
    }
}
