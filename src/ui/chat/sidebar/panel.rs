//! The frame of the sidebar.

use leptos::prelude::*;

use crate::{
    client::ClientStore,
    ui::{
        chat::{
            recipient::RecipientPicker,
            sidebar::{
                lists::{Directs, OnlineUsers},
                rooms::Rooms,
            },
        },
        i18n::texts,
        kit::{avatar::Avatar, icons, reactive::reactive_view, user_name::UserName},
        settings::Settings,
    },
};

/// Everything beside the open conversation.
#[component]
pub(crate) fn Sidebar() -> impl IntoView {
    let (store, t) = (expect_context::<ClientStore>(), texts());
    let me = move || {
        store.me.get().map(|me| {
            view! {
                <Avatar id=me.id nickname=me.nickname.clone() small=true online=true/>
                <UserName user=me.user() class="name"/>
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
                <RecipientPicker name="sidebar"/>
            </div>
            <nav class="lists" aria-label=t.sidebar.main_navigation>
                <Rooms/>
                <Directs/>
                <OnlineUsers/>
            </nav>
            <footer class="sidebar-foot">
                {reactive_view(me)}
                <Settings/>
            </footer>
        </section>
    }
}
