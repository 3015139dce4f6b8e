//! Of whom one wants to hear nothing, and the way back.

use leptos::{ev::MouseEvent, prelude::*, task::spawn_local};

use crate::{
    client::Store,
    domain::User,
    ui::{
        i18n::texts,
        kit::{
            boxed::{Boxed, Boxing as _},
            password_field::focus,
            reactive::{live, live_view, on},
            user_name::Name,
        },
    },
};

/// What the list is called in the document.
const LIST: &str = "blocked-list";

/// Whom one has blocked; nothing if there is nobody.
#[component]
pub(crate) fn Blocked() -> impl IntoView {
    let (store, t) = (expect_context::<Store>(), texts());
    let problem = RwSignal::new(None::<String>);
    let row = move |user: User| {
        let (id, label) = (user.id, format!("{}: {}", t.unblock, t.name_in(&user.nickname)));
        let unblock = move |_: MouseEvent| {
            problem.set(None);
            spawn_local(async move {
                if let Err(refusal) = store.block(id, false).await {
                    problem.try_set(Some(refusal.code().map_or_else(|| t.unreachable.to_owned(), t.error)));
                }
                // The button is about to go, and the focus with it.
                focus(LIST);
            });
        };
        view! {
            <li class="session">
                <p><Name user/></p>
                <button type="button" class="button secondary small" aria-label=label on:click=on(unblock)>{t.unblock}</button>
            </li>
        }
        .boxed()
    };
    let rows = move || store.blocks.with(|blocks| blocks.users().iter().cloned().map(row).collect::<Vec<Boxed>>());
    let is_empty = move || store.blocks.with(|blocks| blocks.users().is_empty());
    view! {
        <h2 id="blocked" hidden=live(is_empty)>{t.blocked}</h2>
        <ul id=LIST tabindex="-1" aria-labelledby="blocked" hidden=live(is_empty)>{live_view(rows)}</ul>
        <p class="problem small" role="alert">{live(move || problem.get())}</p>
    }
}
