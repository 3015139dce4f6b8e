//! Drafts: what is in the composers, and the warning if the browser does not store it.

use leptos::prelude::*;

use crate::{
    client::{
        browser::session_storage,
        store::{ClientStore, DraftState},
        timeline_id::TimelineId,
    },
    domain::ConversationId,
};

impl ClientStore {
    /// The draft of a conversation or a thread: as the user left it, or as it was stored before a reload.
    pub fn draft(self, id: TimelineId) -> DraftState {
        self.drafts.with_untracked(|drafts| drafts.get(&id).cloned()).unwrap_or_else(|| {
            let stored = self.current_user_id().and_then(|me| session_storage::draft(me, id));
            let (text, reply_to) = stored.unwrap_or_default();
            DraftState { text, reply_to, ..DraftState::default() }
        })
    }

    /// Whether a conversation has a draft. Tracks that.
    pub fn has_draft(self, conversation: ConversationId) -> bool {
        self.drafts.track();
        self.draft(conversation.into()).is_draft()
    }

    /// Sets the draft of a conversation or a thread. `text` is what a reload restores.
    pub fn set_draft(self, id: TimelineId, draft: DraftState, text: &str) {
        let is_change = self.draft(id).is_draft() != draft.is_draft();
        let reply_to = draft.reply_to;
        self.drafts.update_untracked(|drafts| drafts.insert(id, draft));
        if is_change {
            self.drafts.notify();
        }
        if let Some(me) = self.current_user_id()
            && !session_storage::set_draft(me, id, text, reply_to)
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
