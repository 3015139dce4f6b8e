//! How much is unread.

use leptos::prelude::*;

use crate::{
    client::Store,
    domain::ConversationId,
    state::Conversations,
    ui::{
        i18n::texts,
        kit::{
            boxed::{Boxed, Boxing as _},
            reactive::{live_view, memo},
        },
    },
};

/// How much is unread in these altogether; nothing when nothing is.
pub(crate) fn unread(store: Store, conversations: impl Fn() -> Vec<ConversationId> + Send + Sync + 'static) -> Boxed {
    fn of_one_type(store: Store, conversations: Box<dyn Fn() -> Vec<ConversationId> + Send + Sync>) -> Boxed {
        let t = texts();
        let unread = memo(move || {
            let of = |all: &Conversations, id| all.get(id).map_or(0, |talk| talk.unread);
            let ids = conversations();
            store.conversations.with(|all| ids.into_iter().map(|id| of(all, id)).sum::<u32>())
        });
        live_view(move || {
            Some(unread.get()).filter(|unread| *unread > 0).map(|unread| {
                let shown = if unread > 99 { "99+".to_owned() } else { unread.to_string() };
                view! {
                    <span class="badge">
                        <span aria-hidden="true">{shown}</span>
                        <span class="visually-hidden">{(t.unread)(unread)}</span>
                    </span>
                }
            })
        })
        .boxed()
    }
    of_one_type(store, Box::new(conversations))
}
