//! Texts of one line.

use unicode_segmentation::UnicodeSegmentation as _;

/// Makes a text one line: control characters and runs of white space become one space. Returns `None` if it has more than
/// `max_characters` user-perceived characters (extended grapheme clusters, UAX #29), or more than four bytes for each of so
/// many.
pub(super) fn one_line(text: &str, max_characters: usize) -> Option<String> {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let line = words.collect::<Vec<_>>().join(" ");
    let is_short = line.len() <= 4 * max_characters && line.graphemes(true).nth(max_characters).is_none();
    is_short.then_some(line)
}
