//! The settings button and its popover.

use js_sys::Reflect;
use leptos::{ev::Event, prelude::*};

use crate::{
    client::ClientStore,
    domain::Role,
    ui::{
        context::{
            preferences::{LanguageChoice, save_preference},
            theme::Theme,
        },
        i18n::texts,
        kit::{
            boxed::{Boxed, Boxing as _},
            icons,
            lazy::{Lazy, lazy},
            reactive::{on, reactive_view},
        },
        settings::{account::AccountSettings, blocked::BlockedUsers, messages::MessageSettings},
    },
};

lazy!(chat: USER_SETTINGS, load_user_settings, fill_user_settings, fn() -> Boxed = user_settings, styles "account.css");

/// The settings that need no part of the main file.
fn user_settings() -> Boxed {
    view! { <MessageSettings/> <BlockedUsers/> <AccountSettings/> }.boxed()
}

/// A button that opens the settings above it. They are a native popover, which closes by Escape and by a click elsewhere.
#[component]
pub(crate) fn Settings() -> impl IntoView {
    let (store, t) = (expect_context::<ClientStore>(), texts());
    let theme = expect_context::<RwSignal<Theme>>();
    let name = move |theme: Theme| match theme {
        Theme::Auto => t.preferences.theme_auto,
        Theme::Light => t.preferences.theme_light,
        Theme::Dark => t.preferences.theme_dark,
    };
    let choose = move |choice: Theme| {
        save_preference("teahouse_theme", choice.name());
        theme.set(choice);
    };
    // The forms exist only while the popover is open, so that a password typed there is gone when it closes.
    let is_open = RwSignal::new(false);
    let user_settings = Lazy::new(&USER_SETTINGS, load_user_settings);
    let before_toggle = move |event: Event| {
        is_open.set(Reflect::get(&event, &"newState".into()).is_ok_and(|state| state == "open"));
        user_settings.load();
    };
    view! {
        <button type="button" class="icon-button" popovertarget="settings" aria-label=t.preferences.settings>
            {icons::sliders()}
        </button>
        <div
            id="settings"
            class="settings"
            popover="auto"
            role="dialog"
            aria-label=t.preferences.settings
            on:beforetoggle=on(before_toggle)
        >
            {reactive_view(move || {
                let is_moderator = store.me.with(|me| me.as_ref().is_some_and(|me| me.role > Role::Member));
                is_moderator.then(|| view! { <a class="button secondary" href="/admin" target="_self">{t.preferences.admin}</a> })
            })}
            <h2>{t.preferences.language}</h2>
            <LanguageChoice/>
            <fieldset class="choice">
                <legend>{t.preferences.theme}</legend>
                {Theme::ALL.map(|choice| view! {
                    <label class="small">
                        <input
                            type="radio"
                            name="theme"
                            value=choice.name()
                            checked=theme.get_untracked() == choice
                            on:change=move |_| choose(choice)
                        />
                        {name(choice)}
                    </label>
                })}
            </fieldset>
            {reactive_view(move || is_open.get().then(|| user_settings.view(t, |user_settings| user_settings())))}
        </div>
    }
}
