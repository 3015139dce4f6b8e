//! The picker: a field that searches, the emoji in groups, and the skin tones.

use leptos::{ev::MouseEvent, prelude::*};
use wasm_bindgen::JsCast as _;
use web_sys::{Element, Event, KeyboardEvent};

use crate::{
    client::ClientStore,
    domain::UserId,
    ui::{
        emoji::{
            catalog::{NamedEmoji, by_text, groups},
            cells::{CELL, CellStep, first_cell, focus_cell, step},
            remembered::RememberedEmoji,
            search::search,
            tone::SkinTone,
            tones_view::Tones,
        },
        i18n::{Language, emoji_picker::EMOJI_PICKER},
        kit::{
            boxed::{Boxed, Boxing as _},
            dom::{closest, focus, focus_by_id, matches},
            icons,
            reactive::{effect, memo, on, reactive, reactive_view},
        },
    },
};

/// How many of the emoji that are found are shown.
const MAX_FOUND: usize = 200;

/// What a tab shows that leads to a group.
const GROUP_SIGNS: [&str; 9] = ["😀", "👋", "🐵", "🍵", "🚗", "🎉", "💡", "✅", "🏁"];

/// What a picker is used for.
#[derive(Clone, Copy)]
pub(crate) struct PickerUse {
    /// The id of the field that searches. There may be two pickers at once.
    pub(crate) search_id: &'static str,
    /// Whether the field takes the focus. Not on touch screens, where the keyboard would cover the emoji.
    pub(crate) takes_focus: bool,
    /// Is called with the emoji that the user has chosen.
    pub(crate) choose: Callback<String>,
    /// Is called when the user presses Escape or the button that closes.
    pub(crate) close: Callback<()>,
}

/// The picker. The arrow keys move in the grid, a letter typed there searches, and Escape closes.
pub(super) fn picker(used: PickerUse) -> Boxed {
    let (t, language) = (EMOJI_PICKER.current(), expect_context::<RwSignal<Language>>().get_untracked());
    let me = expect_context::<ClientStore>().me.with_untracked(|me| me.as_ref().map(|me| me.id));
    let remembered = me.map(RememberedEmoji::load).unwrap_or_default();
    let (tone, recent) = (RwSignal::new(remembered.tone), StoredValue::new(remembered.recent));
    let text = RwSignal::new(String::new());
    let has_text = memo(move || text.with(|text| !text.trim().is_empty()));
    let under_pointer = RwSignal::new(String::new());
    if used.takes_focus {
        // In the next frame, when the field is in the document.
        request_animation_frame(move || focus_by_id(used.search_id));
    }

    let found = memo(move || {
        let names = text.with(|text| search(text));
        names.into_iter().take(MAX_FOUND).map(|emoji| emoji.in_tone(tone.get())).collect::<Vec<_>>()
    });
    let results = move || {
        let cells = found.get().into_iter().filter_map(|text| Some((by_text(&text)?, text)));
        let cells: Vec<Boxed> =
            cells.enumerate().map(|(index, (emoji, text))| cell(text, emoji.name(language), index == 0)).collect();
        view! { <div class="emoji-cells">{cells}</div> }.boxed()
    };
    let groups_view = move || {
        let recent: Vec<Boxed> = recent.with_value(|recent| {
            let named = recent.iter().filter_map(|text| Some((by_text(text)?, text.clone())));
            named.enumerate().map(|(index, (emoji, text))| cell(text, emoji.name(language), index == 0)).collect()
        });
        let has_recent = !recent.is_empty();
        let recent = has_recent
            .then(|| group(t.recent, format!("{}-recent", used.search_id), "recent".to_owned(), recent.boxed()));
        // A group a frame, so that the picker opens at once.
        let shown = RwSignal::new(1);
        effect(move || {
            if shown.get() < groups().len() {
                request_animation_frame(move || {
                    shown.try_update(|shown| *shown += 1);
                });
            }
        });
        let named = groups().iter().zip(t.groups).enumerate();
        let all: Vec<Boxed> = named
            .map(|(index, (emoji, title))| {
                let is_shown = memo(move || shown.get() > index);
                let has_first_cell = index == 0 && !has_recent;
                let cells = reactive_view(move || {
                    let tone = tone.get();
                    is_shown.get().then(|| group_cells(emoji, tone, language, has_first_cell))
                });
                group(title, format!("{}-{index}", used.search_id), index.to_string(), cells.boxed())
            })
            .collect();
        view! { {recent} {all} }.boxed()
    };
    let status = move || has_text.get().then(|| (t.found)(found.with(Vec::len)));
    let content = move || if has_text.get() { reactive_view(results).boxed() } else { groups_view() };

    let choose = move |emoji: String| {
        if let Some(me) = me {
            note(me, &emoji);
        }
        used.choose.run(emoji);
    };
    let on_click = move |event: MouseEvent| {
        let Some(cell) = cell_of(&event) else { return };
        if let Some(emoji) = cell.get_attribute("data-emoji") {
            choose(emoji);
        }
    };
    let on_key_down = move |event: KeyboardEvent| {
        if event.is_composing() || event.key_code() == 229 {
            return;
        }
        let Some(target) = event.target().and_then(|target| target.dyn_into::<Element>().ok()) else { return };
        let Some(container) = closest(&target, ".emoji-picker") else { return };
        let is_field = target.id() == used.search_id;
        let is_cell = matches(&target, ".emoji-cell");
        match event.key().as_str() {
            "Escape" => used.close.run(()),
            "ArrowDown" if is_field => {
                if let Some(first) = first_cell(&container) {
                    focus_cell(&container, &first);
                }
            }
            "Enter" if is_field => {
                let best = found.with_untracked(|found| found.first().cloned());
                if let Some(best) = best {
                    choose(best);
                }
            }
            _ if is_cell => match step(&container, &target, &event) {
                Some(CellStep::Cell(cell)) => focus_cell(&container, &cell),
                Some(CellStep::Above) => focus_by_id(used.search_id),
                Some(CellStep::Nowhere) => {}
                // What is typed at a cell goes into the field.
                None if event.key().chars().count() == 1 && event.key() != " " && !has_modifier(&event) => {
                    focus_by_id(used.search_id);
                    return event.stop_propagation();
                }
                None => return event.stop_propagation(),
            },
            // What is around the picker must not take the keys that a field or a button needs.
            _ => return event.stop_propagation(),
        }
        event.stop_propagation();
        event.prevent_default();
    };
    // The name of the emoji that has the pointer or the focus.
    let show_name = move |event: Event| {
        if let Some(name) = cell_of(&event).and_then(|cell| cell.get_attribute("aria-label")) {
            under_pointer.set(name);
        }
    };
    let (show_name_of_focused, show_name_of_hovered) = (
        move |event: web_sys::FocusEvent| show_name(event.into()),
        move |event: web_sys::PointerEvent| show_name(event.into()),
    );
    let tab = |(index, (sign, title)): (usize, (&'static str, &'static str))| {
        let jump = move |event: MouseEvent| {
            text.set(String::new());
            let picker = event.target().and_then(|target| closest(target.dyn_ref::<Element>()?, ".emoji-picker"));
            // In the next frame, when the groups show.
            request_animation_frame(move || {
                let heading =
                    picker.and_then(|it| it.query_selector(&format!("[data-group='{index}']")).ok().flatten());
                if let Some(heading) = heading {
                    heading.scroll_into_view();
                    focus(&heading);
                }
            });
        };
        view! { <button type="button" class="emoji-tab" aria-label=title title=title on:click=on(jump)>{sign}</button> }
            .boxed()
    };
    let tabs: Vec<Boxed> = GROUP_SIGNS.into_iter().zip(t.groups).enumerate().map(tab).collect();
    view! {
        <div
            class="emoji-picker"
            role="group"
            aria-label=t.picker
            on:click=on(on_click)
            on:keydown=on(on_key_down)
            on:focusin=on(show_name_of_focused)
            on:pointerover=on(show_name_of_hovered)
        >
            <div class="emoji-head">
                <input
                    id=used.search_id
                    class="field"
                    type="search"
                    autocomplete="off"
                    enterkeyhint="done"
                    placeholder=format!("{} · {}", t.search, t.search_hint)
                    aria-label=t.search
                    prop:value=text
                    on:input:target=move |event| text.set(event.target().value())
                />
                <button
                    type="button"
                    class="icon-button emoji-close"
                    aria-label=t.close
                    title=t.close
                    on:click=on(move |_: MouseEvent| used.close.run(()))
                >
                    {icons::close()}
                </button>
            </div>
            <div class="emoji-tabs" role="group" aria-label=t.groups_label>{tabs}</div>
            <p class="emoji-found quiet small" role="status">{reactive(status)}</p>
            <div class="emoji-groups">{reactive_view(content)}</div>
            <div class="emoji-foot">
                <span class="emoji-name quiet small" aria-hidden="true">{reactive(move || under_pointer.get())}</span>
                <Tones tone user=me/>
            </div>
        </div>
    }
    .boxed()
}

/// The cells of a group.
fn group_cells(emoji: &[NamedEmoji], tone: SkinTone, language: Language, has_first_cell: bool) -> Vec<Boxed> {
    let cell = |(index, emoji): (usize, &NamedEmoji)| {
        cell(emoji.in_tone(tone), emoji.name(language), has_first_cell && index == 0)
    };
    emoji.iter().enumerate().map(cell).collect()
}

/// A group with its heading.
fn group(title: &'static str, heading_id: String, name: String, cells: Boxed) -> Boxed {
    let labelled_by = heading_id.clone();
    view! {
        <section class="emoji-group" aria-labelledby=labelled_by>
            <h3 id=heading_id class="small" data-group=name tabindex="-1">{title}</h3>
            <div class="emoji-cells">{cells}</div>
        </section>
    }
    .boxed()
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

/// Remembers that a user has used an emoji.
fn note(user: UserId, emoji: &str) {
    let mut remembered = RememberedEmoji::load(user);
    remembered.note(emoji);
    remembered.save(user);
}

fn cell_of(event: &Event) -> Option<Element> {
    let target = event.target()?.dyn_into::<Element>().ok()?;
    closest(&target, ".emoji-cell")
}

fn has_modifier(event: &KeyboardEvent) -> bool {
    event.ctrl_key() || event.alt_key() || event.meta_key()
}
