//! Drafts: what is in the composers, and the warning if the browser does not store it.

use leptos::prelude::*;

use crate::{
    client::{
        browser::session_storage,
        store::{ClientStore, DraftState},
    },
    domain::ConversationId,
};

impl ClientStore {
    /// The draft of a conversation: as the user left it, or as it was stored before a reload.
    pub fn draft(self, conversation: ConversationId) -> DraftState {
        self.drafts.with_untracked(|drafts| drafts.get(&conversation).cloned()).unwrap_or_else(|| {
            let me = self.current_user_id();
            let text = me.and_then(|me| session_storage::draft(me, conversation)).unwrap_or_default();
            DraftState { text, ..DraftState::default() }
        })
    }

    /// Whether a conversation has a draft. Tracks that.
    pub fn has_draft(self, conversation: ConversationId) -> bool {
        self.drafts.track();
        self.draft(conversation).is_draft()
    }

    /// Sets the draft of a conversation. `text` is what a reload restores.
    pub fn set_draft(self, conversation: ConversationId, draft: DraftState, text: &str) {
        let is_change = self.draft(conversation).is_draft() != draft.is_draft();
        self.drafts.update_untracked(|drafts| drafts.insert(conversation, draft));
        if is_change {
            self.drafts.notify();
        }
        if let Some(me) = self.current_user_id()
            && !session_storage::set_draft(me, conversation, text)
        {
            self.storage_failed();
        }
    }

    /// The browser did not store a draft or a command: warns the user, once.
    pub fn storage_failed(self) {
        if self.storage_warning.get_untracked().is_none() {
            self.storage_warning.set(Some(true));
        }
    }

    /// Whether to warn the user that drafts and unsent messages do not survive a reload.
    pub fn shows_storage_warning(self) -> bool {
        self.storage_warning.get() == Some(true)
    }

    /// The user has dismissed the warning.
    pub fn dismiss_storage_warning(self) {
        self.storage_warning.set(Some(false));
    }
}
