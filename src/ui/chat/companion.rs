//! The other user of a direct.

use leptos::prelude::*;

use crate::{
    client::ClientStore,
    domain::{Companion, ConversationId, ConversationKind},
    ui::kit::reactive::memo,
};

/// The other user of a direct; `None` for a room.
pub(super) fn companion(store: ClientStore, conversation: ConversationId) -> Memo<Option<Companion>> {
    memo(move || {
        store.conversations.with(|conversations| {
            match conversations.get(conversation).map(|conversation| &conversation.kind) {
                Some(ConversationKind::Direct { with }) => Some(with.clone()),
                _ => None,
            }
        })
    })
}
