//! The choice of a skin tone.

use leptos::prelude::*;

use crate::{
    domain::UserId,
    ui::{
        emoji::{catalog::by_text, remembered::RememberedEmoji, tone::SkinTone},
        i18n::emoji_picker::EMOJI_PICKER,
        kit::{
            boxed::{Boxed, Boxing as _},
            reactive::on,
        },
    },
};

/// The emoji that shows the tones.
const SAMPLE: &str = "👋";

/// The skin tones as radio buttons. The browser remembers the choice.
#[component]
pub(super) fn Tones(
    /// The tone that is chosen.
    tone: RwSignal<SkinTone>,
    /// The user whose choice it is.
    user: Option<UserId>,
) -> impl IntoView {
    let t = EMOJI_PICKER.current();
    let radio = move |(choice, label): (SkinTone, &'static str)| -> Boxed {
        let sample = by_text(SAMPLE).map(|emoji| emoji.in_tone(choice)).unwrap_or_default();
        let choose = move |_| {
            tone.set(choice);
            if let Some(user) = user {
                let remembered = RememberedEmoji { tone: choice, ..RememberedEmoji::load(user) };
                remembered.save(user);
            }
        };
        view! {
            <label class="emoji-tone" title=label>
                <input
                    type="radio"
                    name="skin-tone"
                    class="visually-hidden"
                    aria-label=label
                    checked=tone.get_untracked() == choice
                    on:change=on(choose)
                />
                <span aria-hidden="true">{sample}</span>
            </label>
        }
        .boxed()
    };
    view! {
        <fieldset class="emoji-tones">
            <legend class="visually-hidden">{t.tone}</legend>
            {SkinTone::ALL.into_iter().zip(t.tones).map(radio).collect::<Vec<Boxed>>()}
        </fieldset>
    }
}
