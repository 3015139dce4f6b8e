//! The mark of a conversation in which the user has begun a message.

use leptos::prelude::*;

use crate::{
    client::ClientStore,
    domain::ConversationId,
    ui::{
        context::router::Navigator,
        i18n::texts,
        kit::{
            boxed::{Boxed, Boxing as _},
            icons,
            reactive::{memo, reactive_view},
        },
    },
};

/// A pencil if the conversation has a draft. Not for the open one, whose draft is in sight.
pub(super) fn draft_mark(store: ClientStore, navigator: Navigator, conversation: ConversationId) -> Boxed {
    let is_marked = memo(move || navigator.conversation.get() != Some(conversation) && store.has_draft(conversation));
    reactive_view(move || {
        is_marked.get().then(|| {
            let draft = texts().sidebar.draft;
            view! {
                <span class="draft-mark" title=draft>{icons::pencil()} <span class="visually-hidden">{draft}</span></span>
            }
        })
    })
    .boxed()
}
