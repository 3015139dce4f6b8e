//! Changes of the text in the composer. They are made as if typed, so that they can be undone.

use web_sys::HtmlTextAreaElement;

use crate::{
    markdown::{
        is_fence,
        marking::{self, Mark, TextChange, code_block, looks_like_code},
    },
    ui::kit::{
        caret::{byte_at, select},
        dom::insert_text,
    },
};

/// Puts a mark around the selection, or removes it.
pub(super) fn toggle(field: &HtmlTextAreaElement, mark: Mark) {
    let text = field.value();
    let (Ok(Some(start)), Ok(Some(end))) = (field.selection_start(), field.selection_end()) else { return };
    let selection = byte_at(&text, start)..byte_at(&text, end);
    apply(field, &text, marking::toggle(&text, selection, mark));
}

/// Whether something that is pasted at `start` looks like code, and is not in a block of code already.
pub(super) fn is_code(before: &str, start: u32, pasted: &str) -> bool {
    let fences = before[..byte_at(before, start)].lines().filter(|line| is_fence(line)).count();
    looks_like_code(pasted) && fences % 2 == 0
}

/// Makes a block of the code at `start`, if it is still there.
pub(super) fn wrap(field: &HtmlTextAreaElement, start: u32, code: &str) {
    let text = field.value();
    let start = byte_at(&text, start);
    if text[start..].starts_with(code) {
        apply(field, &text, code_block(&text, start..start + code.len()));
    }
}

fn apply(field: &HtmlTextAreaElement, text: &str, TextChange { replaced, with, selection }: TextChange) {
    // The field is in the document, and it has a selection.
    drop(field.focus());
    select(field, text, &replaced);
    insert_text(&with);
    select(field, &format!("{}{with}", &text[..replaced.start]), &selection);
}
