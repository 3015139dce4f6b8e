//! Formats the text in the composer: by the keys that are usual for it, and code that was pasted. The functions load lazily.

use leptos::{ev::KeyboardEvent, prelude::*};
use wasm_bindgen::JsCast as _;
use web_sys::{ClipboardEvent, Event, HtmlTextAreaElement};

use crate::{
    markdown::marking::Mark,
    ui::{
        kit::lazy::{Lazy, lazy},
        markdown::editing_functions::{is_code, toggle, wrap},
    },
};

/// Code that was pasted and may become a block of code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PastedCode {
    /// Where it is in the text, in UTF-16 code units.
    pub(crate) start: u32,
    pub(crate) code: String,
}

/// The functions that load lazily.
#[derive(Clone, Copy)]
struct EditingFunctions {
    toggle: fn(&HtmlTextAreaElement, Mark),
    /// Whether something that is pasted at this place of the text may become a block of code.
    is_code: fn(&str, u32, &str) -> bool,
    wrap: fn(&HtmlTextAreaElement, u32, &str),
}

lazy!(markdown: FUNCTIONS, load_functions, fill_functions, EditingFunctions = EditingFunctions { toggle, is_code, wrap });

/// The formatting of the text in the composer. A handle: copies share the same state.
#[derive(Clone, Copy)]
pub(crate) struct Editing {
    functions: Lazy<EditingFunctions>,
    /// What was just pasted, if it looks like code.
    pub(crate) pasted_code: RwSignal<Option<PastedCode>>,
}

impl Editing {
    pub(crate) fn new() -> Self {
        Self { functions: Lazy::new(&FUNCTIONS, load_functions), pasted_code: RwSignal::new(None) }
    }

    /// Puts a mark around the selection, or removes it.
    pub(crate) fn toggle(self, field: HtmlTextAreaElement, mark: Mark) {
        self.functions.when_loaded(move |functions| {
            if let Some(functions) = functions {
                (functions.toggle)(&field, mark);
            }
        });
    }

    /// Handles a paste before it changes the text.
    pub(crate) fn on_paste(self, field: &HtmlTextAreaElement, event: &Event) {
        let data = event.dyn_ref::<ClipboardEvent>().and_then(|event| event.clipboard_data());
        let Some(pasted) = data.and_then(|data| data.get_data("text/plain").ok()) else { return };
        let (Ok(Some(start)), before) = (field.selection_start(), field.value()) else { return };
        let code = pasted.replace("\r\n", "\n");
        self.functions.when_loaded(move |functions| {
            if functions.is_some_and(|functions| (functions.is_code)(&before, start, &code)) {
                // In the next frame, because the change of the text would take the offer away.
                request_animation_frame(move || {
                    self.pasted_code.try_set(Some(PastedCode { start, code }));
                });
            }
        });
    }

    /// The text has changed since the paste.
    pub(crate) fn forget_paste(self) {
        if self.pasted_code.with_untracked(Option::is_some) {
            self.pasted_code.set(None);
        }
    }

    /// Makes a block of the code that was just pasted.
    pub(crate) fn wrap_pasted(self, field: &HtmlTextAreaElement) {
        if let (Some(functions), Some(pasted)) = (self.functions.get(), self.pasted_code.get_untracked()) {
            (functions.wrap)(field, pasted.start, &pasted.code);
        }
        self.forget_paste();
    }
}

/// The mark that a key puts around the selection: with Ctrl, or on Apple's systems with ⌘, where Ctrl moves the caret.
pub(crate) fn mark_of_key(event: &KeyboardEvent) -> Option<Mark> {
    let is_apple =
        || window().navigator().platform().is_ok_and(|name| name.starts_with("Mac") || name.starts_with("iP"));
    if event.alt_key() || event.ctrl_key() == event.meta_key() || event.meta_key() != is_apple() {
        return None;
    }
    match (event.key().to_ascii_lowercase().as_str(), event.shift_key()) {
        ("b", false) => Some(Mark::Strong),
        ("i", false) => Some(Mark::Emphasis),
        ("e", false) => Some(Mark::Code),
        ("x", true) => Some(Mark::Strike),
        _ => None,
    }
}
