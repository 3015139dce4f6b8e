//! Places in the text of a field. A browser counts UTF-16 code units, Rust bytes of UTF-8.

use std::ops::Range;

use web_sys::HtmlTextAreaElement;

/// Where the caret is, in bytes of `text`, which is that of the field. `None` while something is selected.
pub(crate) fn caret(field: &HtmlTextAreaElement, text: &str) -> Option<usize> {
    let (start, end) = (field.selection_start().ok()??, field.selection_end().ok()??);
    (start == end).then(|| byte_at(text, start))
}

/// Selects a range of bytes of `text`, with which the field's text begins.
pub(crate) fn select(field: &HtmlTextAreaElement, text: &str, range: &Range<usize>) {
    let place = |byte: usize| u32::try_from(text[..byte].encode_utf16().count()).unwrap_or(u32::MAX);
    // A text field has a selection.
    drop(field.set_selection_range(place(range.start), place(range.end)));
}

/// The byte at a place that is given in UTF-16 code units.
pub(crate) fn byte_at(text: &str, place: u32) -> usize {
    let mut units = 0;
    let is_before = |c: &char| {
        units += u32::try_from(c.len_utf16()).unwrap_or(u32::MAX);
        units <= place
    };
    text.chars().take_while(is_before).map(char::len_utf8).sum()
}
