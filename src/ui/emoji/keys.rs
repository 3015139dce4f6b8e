//! The keys of the picker.

use wasm_bindgen::JsCast as _;
use web_sys::{Element, KeyboardEvent};

use crate::ui::{
    emoji::cells::{CellStep, first_cell, focus_cell, step},
    kit::dom::{closest, focus_by_id, matches},
};

/// What a key asks for, besides moving the focus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PickerKey {
    Close,
    /// Choose the best of what was found.
    ChooseBest,
}

/// Handles a key: moves the focus, or returns what else it asks for. What is around the picker gets none of its keys.
pub(super) fn handle_key(event: &KeyboardEvent, search_id: &str) -> Option<PickerKey> {
    // These keys belong to the input method while it composes. Safari reports that by the key code only.
    if event.is_composing() || event.key_code() == 229 {
        return None;
    }
    event.stop_propagation();
    let target = event.target()?.dyn_into::<Element>().ok()?;
    let picker = closest(&target, ".emoji-picker")?;
    let is_field = target.id() == search_id;
    let asked = match event.key().as_str() {
        "Escape" => Some(PickerKey::Close),
        "Enter" if is_field => Some(PickerKey::ChooseBest),
        "ArrowDown" if is_field => {
            focus_cell(&picker, &first_cell(&picker)?);
            None
        }
        _ if matches(&target, ".emoji-cell") => {
            match step(&picker, &target, event) {
                Some(CellStep::Cell(cell)) => focus_cell(&picker, &cell),
                Some(CellStep::Above) => focus_by_id(search_id),
                Some(CellStep::Nowhere) => {}
                None => {
                    // What is typed at a cell goes into the field.
                    if is_text(event) {
                        focus_by_id(search_id);
                    }
                    return None;
                }
            }
            None
        }
        _ => return None,
    };
    event.prevent_default();
    asked
}

/// Whether a key types a character. A space presses the button instead.
fn is_text(event: &KeyboardEvent) -> bool {
    let has_modifier = event.ctrl_key() || event.alt_key() || event.meta_key();
    event.key().chars().count() == 1 && event.key() != " " && !has_modifier
}
