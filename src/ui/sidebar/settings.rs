//! Language, appearance, and the way out.

use leptos::{ev::MouseEvent, prelude::*, task::spawn_local};

use super::super::{
    Theme,
    app::{LanguageChoice, remember},
    i18n::texts,
    icons,
    live::{live, on},
};
use crate::client::Store;

/// A button that opens the settings above it. The browser's own popover: it closes by Escape and by a click beside it.
#[component]
pub(super) fn Settings() -> impl IntoView {
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
    let problem = RwSignal::new(None::<&str>);
    let leave = move |_: MouseEvent| {
        problem.set(None);
        spawn_local(async move {
            if !store.leave().await {
                problem.set(Some(t.unreachable));
            }
        });
    };
    view! {
        <button type="button" class="tool" popovertarget="settings" aria-label=t.settings>
            {icons::sliders()}
        </button>
        <div id="settings" class="settings" popover="auto" role="dialog" aria-label=t.settings>
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
            <button type="button" class="button gentle" on:click=on(leave)>{t.leave}</button>
            <p class="problem small" role="alert">{live(move || problem.get())}</p>
            <p class="quiet small">{t.leave_warning}</p>
        </div>
    }
}
