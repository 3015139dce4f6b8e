//! How messages are shown and sent.

use leptos::prelude::*;

use crate::ui::{
    context::{
        message_preferences::{ENTER_COOKIE, FORMATTING_COOKIE, MessagePreferences, OFF, ON},
        preferences::save_preference,
    },
    i18n::settings::SETTINGS,
    kit::{
        boxed::{Boxed, Boxing as _},
        reactive::on,
    },
};

/// The choices for messages.
#[component]
pub(super) fn MessageSettings() -> impl IntoView {
    let preferences = expect_context::<RwSignal<MessagePreferences>>();
    let current = preferences.get_untracked();
    let t = SETTINGS.current();
    let choose = move |cookie: &str, is_on: bool, change: fn(&mut MessagePreferences, bool)| {
        save_preference(cookie, if is_on { ON } else { OFF });
        preferences.update(|preferences| change(preferences, is_on));
    };
    let formatting = move |event| {
        choose(FORMATTING_COOKIE, event_target_checked(&event), |preferences, is_on| {
            preferences.shows_formatting = is_on
        });
    };
    let enter = move |enter_sends: bool, label: &'static str| -> Boxed {
        let change = move |_| choose(ENTER_COOKIE, enter_sends, |preferences, is_on| preferences.enter_sends = is_on);
        view! {
            <label class="small">
                <input type="radio" name="send-key" checked=current.enter_sends == enter_sends on:change=on(change)/>
                {label}
            </label>
        }
        .boxed()
    };
    view! {
        <h2>{t.messages}</h2>
        <div class="choice">
            <label class="small">
                <input type="checkbox" checked=current.shows_formatting on:change=on(formatting)/>
                {t.show_formatting}
            </label>
        </div>
        <fieldset class="choice">
            <legend>{t.send_with}</legend>
            {enter(true, t.enter)}
            {enter(false, t.control_enter)}
        </fieldset>
    }
}
