//! What is being written.

use leptos::{ev::KeyboardEvent, prelude::*};

use crate::{
    client::{Refused, Store},
    domain::ConversationId,
    protocol::ErrorCode,
    state::Deed,
};

/// What is being written in one conversation. A handle: copies are the same draft.
#[derive(Clone, Copy)]
pub(super) struct Draft {
    store: Store,
    conversation: ConversationId,
    /// The text.
    pub(super) text: RwSignal<String>,
    /// Why the last one was refused.
    pub(super) problem: RwSignal<Option<ErrorCode>>,
}

impl Draft {
    /// What was left here when the conversation was last open.
    pub(super) fn new(store: Store, conversation: ConversationId) -> Self {
        let left = store.drafts.with_value(|drafts| drafts.get(&conversation).cloned()).unwrap_or_default();
        let draft = Self { store, conversation, text: RwSignal::new(left), problem: RwSignal::new(None) };
        Effect::new(move || {
            let text = draft.text.get();
            store.drafts.update_value(|drafts| drop(drafts.insert(conversation, text)));
        });
        Effect::new(move || draft.take_back());
        draft
    }

    /// Something was typed.
    pub(super) fn typed(self, text: String) {
        self.text.set(text);
        self.problem.set(None);
        self.store.type_in(self.conversation);
    }

    /// Whether there is nothing to send.
    pub(super) fn is_empty(self) -> bool {
        self.text.with(|text| text.trim().is_empty())
    }

    /// Sends what was written, if anything.
    pub(super) fn send(self) {
        if !untrack(|| self.is_empty()) {
            let sent = self.store.put(self.conversation, Deed::Send { body: self.text.get_untracked() });
            self.problem.set(sent.err());
            if sent.is_ok() {
                self.text.set(String::new());
            }
        }
    }

    /// Enter sends, Shift+Enter breaks the line, and an input method's Enter is its own.
    pub(super) fn pressed(self, event: &KeyboardEvent) {
        // While a text is being composed, Enter takes a suggestion; Safari tells so by the key code alone.
        let composing = event.is_composing() || event.key_code() == 229;
        if event.key() == "Enter" && !event.shift_key() && !composing {
            event.prevent_default();
            self.send();
        }
    }

    /// A text that the server refused comes back, above what has been written since.
    fn take_back(self) {
        let is_ours = |refused: &Refused| refused.conversation == self.conversation;
        if !self.store.refusals.with(|refusals| refusals.iter().any(is_ours)) {
            return;
        }
        let ours =
            self.store.refusals.try_update(|refusals| refusals.extract_if(.., |refused| is_ours(refused)).collect());
        for Refused { deed, code, .. } in ours.unwrap_or_else(Vec::new) {
            self.problem.set(Some(code));
            if let Deed::Send { body } | Deed::Edit { body, .. } = deed {
                self.text.update(|text| {
                    let since = std::mem::replace(text, body);
                    if !since.trim().is_empty() {
                        text.push_str("\n\n");
                        text.push_str(&since);
                    }
                });
            }
        }
    }
}
