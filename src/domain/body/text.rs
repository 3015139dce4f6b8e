//! The text of a message, and its limits.

use serde::{Deserialize, Serialize};

/// The longest message, in user-perceived characters (extended grapheme clusters, UAX #29).
pub const MAX_BODY_CHARACTERS: usize = 4_000;

/// The longest message, in code points. They, and not the characters that users see, decide what a text costs to send, store
/// and lay out. Five per character: no script needs more than three on average, and an emoji of a family of three has five.
pub const MAX_BODY_CODE_POINTS: usize = 5 * MAX_BODY_CHARACTERS;

/// The longest text that is parsed, in bytes of UTF-8 before trimming: as much as the largest frame could carry.
pub const MAX_BODY_BYTES: usize = 64 * 1024;

/// The most code points in one user-perceived character. The longest emoji that Unicode recommends has 10, and the
/// longest consonant clusters of Sanskrit have 13.
pub const MAX_CHARACTER_CODE_POINTS: usize = 20;

/// The most nonspacing and enclosing marks on one user-perceived character. Tibetan has up to 8, Sanskrit with Vedic accents
/// as well, fully pointed Hebrew and Arabic 5. (The Stream-Safe Text Format of UAX #15 allows 30.)
pub const MAX_CHARACTER_MARKS: usize = 10;

/// The text of a message: [`trimmed`], with 1 to [`MAX_BODY_CHARACTERS`] user-perceived characters, none of them with too many
/// marks or code points. Lines end with `\n`; the only other control character is the tab.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Body(pub(super) String);

/// Why a text cannot be a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// Nothing visible.
    #[error("the message is empty")]
    Empty,
    /// More than [`MAX_BODY_CHARACTERS`], [`MAX_BODY_CODE_POINTS`] or [`MAX_BODY_BYTES`].
    #[error("the message is longer than {MAX_BODY_CHARACTERS} characters, or {MAX_BODY_CODE_POINTS} code points")]
    TooLong,
    /// A character with more than [`MAX_CHARACTER_CODE_POINTS`] or [`MAX_CHARACTER_MARKS`].
    #[error(
        "a character of the message has more than {MAX_CHARACTER_MARKS} marks, or {MAX_CHARACTER_CODE_POINTS} code points"
    )]
    Overloaded,
}

/// A typed text without blank lines at both ends and without white space at the end. The first line keeps its indentation.
pub fn trimmed(text: &str) -> &str {
    let text = text.trim_end();
    let indentation = &text[..text.len() - text.trim_start().len()];
    let ends_line = |c| matches!(c, '\n' | '\u{2028}' | '\u{2029}');
    let last_end = indentation.char_indices().rev().find(|(_, c)| ends_line(*c));
    last_end.map_or(text, |(place, end)| &text[place + end.len_utf8()..])
}

/// Whether a text has more than [`MAX_BODY_CODE_POINTS`]. A shorter text may still have too many characters; only the server has
/// the Unicode tables to count them.
pub fn is_longer_than_any(text: &str) -> bool {
    text.len() > MAX_BODY_CODE_POINTS && text.chars().nth(MAX_BODY_CODE_POINTS).is_some()
}

impl Body {
    /// The empty body of a deleted message.
    pub const fn deleted() -> Self {
        Self(String::new())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Wraps a text that has been parsed before, or that the server will parse before others see it.
    pub(crate) const fn from_trusted(text: String) -> Self {
        Self(text)
    }
}
