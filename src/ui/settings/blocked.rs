//! The list of blocked users.

use leptos::{ev::MouseEvent, prelude::*, task::spawn_local};

use crate::{
    client::ClientStore,
    domain::User,
    ui::{
        i18n::{settings::SETTINGS, texts},
        kit::{
            boxed::{Boxed, Boxing as _},
            dom::focus_by_id,
            reactive::{on, reactive, reactive_view},
            user_name::UserName,
        },
    },
};

/// The id of the list.
const LIST: &str = "blocked-list";

/// The blocked users, each with a button to unblock. Hidden if there are none.
#[component]
pub(super) fn BlockedUsers() -> impl IntoView {
    let (store, t, settings) = (expect_context::<ClientStore>(), texts(), SETTINGS.current());
    let problem = RwSignal::new(None::<String>);
    let row = move |user: User| {
        let (id, label) = (user.id, format!("{}: {}", settings.unblock, t.name_in(&user.nickname)));
        let unblock = move |_: MouseEvent| {
            problem.set(None);
            spawn_local(async move {
                if let Err(refusal) = store.set_blocked(id, false).await {
                    problem.try_set(Some(t.errors.refusal(refusal.code())));
                }
                // The button with the focus is about to disappear.
                focus_by_id(LIST);
            });
        };
        view! {
            <li class="session">
                <p><UserName user/></p>
                <button type="button" class="button secondary small" aria-label=label on:click=on(unblock)>{settings.unblock}</button>
            </li>
        }
        .boxed()
    };
    let rows = move || store.blocks.with(|blocks| blocks.users().iter().cloned().map(row).collect::<Vec<Boxed>>());
    let is_empty = move || store.blocks.with(|blocks| blocks.users().is_empty());
    view! {
        <h2 id="blocked" hidden=reactive(is_empty)>{settings.blocked}</h2>
        <ul id=LIST tabindex="-1" aria-labelledby="blocked" hidden=reactive(is_empty)>{reactive_view(rows)}</ul>
        <p class="problem small" role="alert">{reactive(move || problem.get())}</p>
    }
}
