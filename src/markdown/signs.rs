//! Cheap signs of what it takes to show a text.

/// The most lines of a message that show at once.
const MAX_LINES: usize = 20;

/// Whether a text has so many lines that it is folded.
pub(crate) fn is_long(text: &str) -> bool {
    text.bytes().filter(|byte| *byte == b'\n').count() >= MAX_LINES
}

/// Whether a text may show in another form than as typed. Cheap, because the page asks it of each message before it has the
/// code to format one.
pub fn may_be_formatted(text: &str) -> bool {
    // Marks, and the first characters of lines that may belong to a list, a quote or a heading.
    let begins_block = |line: &str| {
        let line = line.trim_start().as_bytes();
        matches!(line.first(), Some(b'-' | b'+' | b'#' | b'>' | b'0'..=b'9'))
    };
    text.bytes().any(|byte| matches!(byte, b'*' | b'_' | b'~' | b'`' | b'[' | b'|'))
        || text.contains("://")
        || is_long(text)
        || text.split('\n').any(begins_block)
}
