//! The frame of the sidebar.

use leptos::prelude::*;

use crate::{
    client::ClientStore,
    ui::{
        chat::{
            recipient::RecipientPicker,
            sidebar::{
                lists::{Directs, OnlineUsers},
                marks::count_badge,
                rooms::Rooms,
            },
        },
        context::router::{MENTIONS_PATH, Navigator, Route},
        i18n::texts,
        kit::{
            avatar::Avatar,
            icons,
            reactive::{memo, reactive, reactive_view},
            user_name::UserName,
        },
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
                <MentionsLink/>
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

/// The way to the messages that mention the user, with the number of those that are unread.
#[component]
fn MentionsLink() -> impl IntoView {
    let (store, t) = (expect_context::<ClientStore>(), texts());
    let navigator = expect_context::<Navigator>();
    let current = move || (navigator.route.get() == Route::Mentions).then_some("page");
    let count = memo(move || store.conversations.with(|all| all.mentions()));
    let badge =
        move || Some(count.get()).filter(|count| *count > 0).map(|count| count_badge(count, (t.sidebar.unread)(count)));
    view! {
        <a class="row" href=MENTIONS_PATH aria-current=reactive(current)>
            <span class="icon-box">{icons::at()}</span>
            <span class="name">{t.sidebar.told}</span>
            {reactive_view(badge)}
        </a>
    }
}
