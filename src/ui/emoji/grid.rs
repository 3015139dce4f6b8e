//! The emoji of the picker: what was found, or the groups.

use leptos::prelude::*;

use crate::ui::{
    emoji::{
        catalog::{NamedEmoji, by_text, groups},
        cells::CELL,
        tone::SkinTone,
    },
    i18n::{Language, emoji_picker::EMOJI_PICKER},
    kit::{
        boxed::{Boxed, Boxing as _},
        reactive::{effect, memo, reactive_view},
    },
};

/// What the picker shows. A handle: copies share the same state.
#[derive(Clone, Copy)]
pub(super) struct EmojiGrid {
    /// Distinguishes the ids of two pickers.
    pub(super) id: &'static str,
    pub(super) tone: RwSignal<SkinTone>,
    /// The emoji that were used last.
    pub(super) recent: StoredValue<Vec<String>>,
    pub(super) language: Language,
}

impl EmojiGrid {
    /// The emoji that a search has found.
    pub(super) fn found(self, found: &[&'static NamedEmoji]) -> Boxed {
        let cells = self.cells(found.iter().copied(), self.tone.get(), true);
        view! { <div class="emoji-cells">{cells}</div> }.boxed()
    }

    /// All emoji, in groups. Those that were used last come first.
    pub(super) fn groups(self) -> Boxed {
        let t = EMOJI_PICKER.current();
        let recent: Vec<Boxed> = self.recent.with_value(|recent| {
            let named = recent.iter().filter_map(|text| Some((by_text(text)?, text.clone())));
            named.enumerate().map(|(index, (emoji, text))| cell(text, emoji.name(self.language), index == 0)).collect()
        });
        let has_recent = !recent.is_empty();
        let recent = has_recent.then(|| self.group(t.recent, "recent", recent.boxed()));
        // A group a frame, so that the picker opens at once.
        let shown = RwSignal::new(1);
        effect(move || {
            if shown.get() < groups().len() {
                request_animation_frame(move || {
                    shown.try_update(|shown| *shown += 1);
                });
            }
        });
        let group = |(index, (emoji, title)): (usize, (&'static Vec<NamedEmoji>, &'static str))| {
            let is_shown = memo(move || shown.get() > index);
            let cells = reactive_view(move || {
                let tone = self.tone.get();
                is_shown.get().then(|| self.cells(emoji.iter(), tone, index == 0 && !has_recent))
            });
            self.group(title, &index.to_string(), cells.boxed())
        };
        let all: Vec<Boxed> = groups().iter().zip(t.groups).enumerate().map(group).collect();
        view! { {recent} {all} }.boxed()
    }

    /// A group with its heading.
    fn group(self, title: &'static str, name: &str, cells: Boxed) -> Boxed {
        let heading_id = format!("{}-{name}", self.id);
        let labelled_by = heading_id.clone();
        view! {
            <section class="emoji-group" aria-labelledby=labelled_by>
                <h2 id=heading_id class="small" data-group=name.to_owned() tabindex="-1">{title}</h2>
                <div class="emoji-cells">{cells}</div>
            </section>
        }
        .boxed()
    }

    /// The cells of some emoji.
    fn cells(
        self,
        emoji: impl Iterator<Item = &'static NamedEmoji>,
        tone: SkinTone,
        has_first_of_all: bool,
    ) -> Vec<Boxed> {
        let cell = |(index, emoji): (usize, &NamedEmoji)| {
            cell(emoji.in_tone(tone), emoji.name(self.language), has_first_of_all && index == 0)
        };
        emoji.enumerate().map(cell).collect()
    }
}

/// The button of an emoji. Tab reaches the first one only; from there, the arrow keys move.
fn cell(emoji: String, name: &'static str, is_first: bool) -> Boxed {
    let tab_index = if is_first { "0" } else { "-1" };
    view! {
        <button type="button" class=CELL data-emoji=emoji.clone() aria-label=name title=name tabindex=tab_index>
            {emoji.clone()}
        </button>
    }
    .boxed()
}
