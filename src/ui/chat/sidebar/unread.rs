//! The badge with the number of unread messages.

use leptos::prelude::*;

use crate::{
    client::ClientStore,
    domain::ConversationId,
    state::Conversations,
    ui::{
        i18n::texts,
        kit::{
            boxed::{Boxed, Boxing as _},
            reactive::{memo, reactive_view},
        },
    },
};

/// The number of unread messages in all of `conversations`; empty if there are none.
pub(super) fn unread_badge(
    store: ClientStore,
    conversations: impl Fn() -> Vec<ConversationId> + Send + Sync + 'static,
) -> Boxed {
    fn of_one_type(store: ClientStore, conversations: Box<dyn Fn() -> Vec<ConversationId> + Send + Sync>) -> Boxed {
        let t = texts();
        let unread = memo(move || {
            let unread_in = |all: &Conversations, id| all.get(id).map_or(0, |conversation| conversation.unread);
            let ids = conversations();
            store.conversations.with(|all| ids.into_iter().map(|id| unread_in(all, id)).sum::<u32>())
        });
        reactive_view(move || {
            Some(unread.get()).filter(|unread| *unread > 0).map(|unread| {
                let shown = if unread > 99 { "99+".to_owned() } else { unread.to_string() };
                view! {
                    <span class="badge">
                        <span aria-hidden="true">{shown}</span>
                        <span class="visually-hidden">{(t.sidebar.unread)(unread)}</span>
                    </span>
                }
            })
        })
        .boxed()
    }
    of_one_type(store, Box::new(conversations))
}
