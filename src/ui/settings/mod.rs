//! Language, appearance, and one's own nickname.

pub(crate) mod account;
pub(crate) mod blocked;
pub(crate) mod sessions;
pub(crate) mod user_agent;

use js_sys::Reflect;
use leptos::{ev::Event, prelude::*};

use crate::{
    client::Store,
    domain::Role,
    ui::{
        Theme,
        i18n::texts,
        kit::{
            boxed::{Boxed, Boxing as _},
            icons,
            lazy::{Lazy, lazy},
            reactive::{live_view, on},
        },
        root::app::{LanguageChoice, remember},
        settings::{account::Account, blocked::Blocked},
    },
};

lazy!(OWN, load_own, fill_own, fn() -> Boxed = own);

/// What is for this user alone.
fn own() -> Boxed {
    view! { <Blocked/> <Account/> }.boxed()
}

/// A button that opens the settings above it. The browser's own popover: it closes by Escape and by a click beside it.
#[component]
pub(crate) fn Settings() -> impl IntoView {
    let (store, t) = (expect_context::<Store>(), texts());
    let theme = expect_context::<RwSignal<Theme>>();
    let name = move |theme: Theme| match theme {
        Theme::Auto => t.theme_auto,
        Theme::Light => t.theme_light,
        Theme::Dark => t.theme_dark,
    };
    let choose = move |choice: Theme| {
        remember("teahouse_theme", choice.name());
        theme.set(choice);
    };
    // What was typed in closed settings does not wait there for whoever opens them next.
    let is_open = RwSignal::new(false);
    let own = Lazy::new(&OWN, load_own);
    let toggle = move |event: Event| {
        is_open.set(Reflect::get(&event, &"newState".into()).is_ok_and(|state| state == "open"));
        own.load();
    };
    view! {
        <button type="button" class="icon-button" popovertarget="settings" aria-label=t.settings>
            {icons::sliders()}
        </button>
        <div
            id="settings"
            class="settings"
            popover="auto"
            role="dialog"
            aria-label=t.settings
            on:beforetoggle=on(toggle)
        >
            {live_view(move || {
                let keeps_order = store.me.with(|me| me.as_ref().is_some_and(|me| me.role > Role::Member));
                keeps_order.then(|| view! { <a class="button secondary" href="/admin" target="_self">{t.office}</a> })
            })}
            <h2>{t.language}</h2>
            <LanguageChoice/>
            <fieldset class="choice">
                <legend>{t.theme}</legend>
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
            {live_view(move || is_open.get().then(|| own.view(t, |own| own())))}
        </div>
    }
}
