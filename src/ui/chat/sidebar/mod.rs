//! The list: whom to talk to, the conversations, who is here, and oneself.

mod former_users;
mod lists;
mod unread;

use leptos::prelude::*;

use crate::{
    client::Store,
    ui::{
        chat::{
            recipient::TargetForm,
            sidebar::lists::{HereNow, Private, Rooms},
        },
        i18n::texts,
        kit::{avatar::Face, icons, reactive::live_view, user_name::Name},
        settings::Settings,
    },
};

/// Everything beside the open conversation.
#[component]
pub(crate) fn Sidebar() -> impl IntoView {
    let (store, t) = (expect_context::<Store>(), texts());
    let me = move || {
        store.me.get().map(|me| {
            view! {
                <Face id=me.id nickname=me.nickname.clone() small=true here=true/>
                <Name user=me.user() class="name"/>
            }
        })
    };
    view! {
        <section class="sidebar" aria-labelledby="product-name">
            <header class="sidebar-head">
                <span class="logo">{icons::cup()}</span>
                <h1 id="product-name" class="product-name">"Teahouse"</h1>
            </header>
            <div class="sidebar-recipient">
                <TargetForm name="sidebar"/>
            </div>
            <nav class="lists" aria-label=t.main_navigation>
                <Rooms/>
                <Private/>
                <HereNow/>
            </nav>
            <footer class="sidebar-foot">
                {live_view(me)}
                <Settings/>
            </footer>
        </section>
    }
}
