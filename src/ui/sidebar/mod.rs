//! The list: whom to talk to, the conversations, who is here, and oneself.

mod account;
mod agent;
mod blocked;
mod gone;
mod lists;
mod sessions;
mod settings;
mod unread;

use leptos::prelude::*;

use super::{face::Face, i18n::texts, icons, live::live_view, name::Name, target::TargetForm};
use crate::client::Store;
use lists::{HereNow, Private, Rooms};
use settings::Settings;

/// Everything beside the open conversation.
#[component]
pub(super) fn Sidebar() -> impl IntoView {
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
        <section class="sidebar" aria-labelledby="house-name">
            <header class="sidebar-head">
                <span class="mark">{icons::cup()}</span>
                <h1 id="house-name" class="house-name">"Teahouse"</h1>
            </header>
            <div class="sidebar-target">
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
