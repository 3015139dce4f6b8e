//! The picker: a field that searches, the emoji in groups, and the skin tones.

use leptos::{ev::MouseEvent, prelude::*};
use wasm_bindgen::JsCast as _;
use web_sys::{Element, Event, FocusEvent, KeyboardEvent, PointerEvent};

use crate::{
    client::ClientStore,
    domain::UserId,
    ui::{
        emoji::{
            grid::EmojiGrid,
            keys::{PickerKey, handle_key},
            remembered::RememberedEmoji,
            search::search,
            tabs::tabs,
            tones_view::Tones,
        },
        i18n::{Language, emoji_picker::EMOJI_PICKER},
        kit::{
            boxed::{Boxed, Boxing as _},
            dom::{closest, focus_by_id, matches},
            icons,
            reactive::{memo, on, reactive, reactive_view},
        },
    },
};

/// How many of the emoji that are found are shown.
const MAX_FOUND: usize = 200;

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
    let t = EMOJI_PICKER.current();
    let me = expect_context::<ClientStore>().me.with_untracked(|me| me.as_ref().map(|me| me.id));
    let remembered = me.map(RememberedEmoji::load).unwrap_or_default();
    let grid = EmojiGrid {
        id: used.search_id,
        tone: RwSignal::new(remembered.tone),
        recent: StoredValue::new(remembered.recent),
        language: expect_context::<RwSignal<Language>>().get_untracked(),
    };
    let text = RwSignal::new(String::new());
    let has_text = memo(move || text.with(|text| !text.trim().is_empty()));
    let found = memo(move || text.with(|text| search(text)).into_iter().take(MAX_FOUND).collect::<Vec<_>>());
    let named = RwSignal::new(String::new());
    if used.takes_focus {
        // In the next frame, when the field is in the document.
        request_animation_frame(move || focus_by_id(used.search_id));
    }
    let content = move || {
        if has_text.get() {
            reactive_view(move || found.with(|found| grid.found(found))).boxed()
        } else {
            grid.groups()
        }
    };
    let status = move || has_text.get().then(|| (t.found)(found.with(Vec::len)));

    let choose = move |emoji: String| {
        if let Some(me) = me {
            note(me, &emoji);
        }
        used.choose.run(emoji);
    };
    let on_click = move |event: MouseEvent| {
        if let Some(emoji) = cell_of(&event).and_then(|cell| cell.get_attribute("data-emoji")) {
            choose(emoji);
        }
    };
    let on_key_down = move |event: KeyboardEvent| match handle_key(&event, used.search_id) {
        Some(PickerKey::Close) => used.close.run(()),
        Some(PickerKey::ChooseBest) => {
            if let Some(best) = found.with_untracked(|found| found.first().copied()) {
                choose(best.in_tone(grid.tone.get_untracked()));
            }
        }
        None => {}
    };
    // The name of the emoji that has the pointer or the focus.
    let show_name = move |event: &Event| {
        if let Some(name) = cell_of(event).and_then(|cell| cell.get_attribute("aria-label")) {
            named.set(name);
        }
    };
    view! {
        <div
            class="emoji-picker"
            role="group"
            aria-label=t.picker
            on:mousedown=on(keep_focus)
            on:click=on(on_click)
            on:keydown=on(on_key_down)
            on:focusin=on(move |event: FocusEvent| show_name(&event))
            on:pointerover=on(move |event: PointerEvent| show_name(&event))
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
                    class="icon-button"
                    aria-label=t.close
                    title=t.close
                    on:click=on(move |_: MouseEvent| used.close.run(()))
                >
                    {icons::close()}
                </button>
            </div>
            {tabs(text)}
            <p class="emoji-found quiet small" role="status">{reactive(status)}</p>
            <div class="emoji-groups">{reactive_view(content)}</div>
            <div class="emoji-foot">
                <span class="emoji-name quiet small" aria-hidden="true">{reactive(move || named.get())}</span>
                <Tones tone=grid.tone user=me/>
            </div>
        </div>
    }
    .boxed()
}

/// Remembers that a user has used an emoji.
fn note(user: UserId, emoji: &str) {
    let mut remembered = RememberedEmoji::load(user);
    remembered.note(emoji);
    remembered.save(user);
}

/// A press of the mouse must not take the focus from the field, or the picker would be left.
fn keep_focus(event: MouseEvent) {
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    if !target.is_some_and(|target| matches(&target, "input")) {
        event.prevent_default();
    }
}

fn cell_of(event: &Event) -> Option<Element> {
    closest(&event.target()?.dyn_into::<Element>().ok()?, ".emoji-cell")
}
