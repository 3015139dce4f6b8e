//! What a message says.

use serde::{Deserialize, Serialize};

/// The longest message, in user-perceived characters (extended grapheme clusters, UAX #29).
pub const MAX_BODY_CHARACTERS: usize = 4_000;

/// The longest message in code points. What a text costs to send, to keep and to lay out follows these, not what people
/// see. Five for each character: no script needs more than three on average, and a family of three is five.
pub const MAX_BODY_CODE_POINTS: usize = 5 * MAX_BODY_CHARACTERS;

/// The longest text that is looked at, in bytes of UTF-8, before it is trimmed. It is what the largest frame could carry.
pub const MAX_BODY_BYTES: usize = 64 * 1024;

/// The most code points in one user-perceived character. The longest emoji that Unicode recommends has 10, and the
/// longest consonant clusters of Sanskrit have 13.
pub const MAX_CHARACTER_CODE_POINTS: usize = 20;

/// The most nonspacing and enclosing marks on one user-perceived character. Tibetan piles up 8, Sanskrit with Vedic accents
/// as many, Hebrew and Arabic with all their points 5. (The Stream-Safe Text Format of UAX #15 cuts at 30.)
pub const MAX_CHARACTER_MARKS: usize = 10;

/// A message's text: [`trimmed`], 1 to [`MAX_BODY_CHARACTERS`] user-perceived characters, none of them a pile of marks or
/// joined without end; lines ended by `\n`, no other control characters but the tab.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Body(pub(super) String);

/// Why a text is no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// Nothing that can be seen.
    #[error("the message is empty")]
    Empty,
    /// More than [`MAX_BODY_CHARACTERS`], [`MAX_BODY_CODE_POINTS`] or [`MAX_BODY_BYTES`].
    #[error("the message is longer than {MAX_BODY_CHARACTERS} characters, or {MAX_BODY_CODE_POINTS} code points")]
    TooLong,
    /// A character of more than [`MAX_CHARACTER_CODE_POINTS`] or [`MAX_CHARACTER_MARKS`].
    #[error(
        "a character of the message has more than {MAX_CHARACTER_MARKS} marks, or {MAX_CHARACTER_CODE_POINTS} code points"
    )]
    Overloaded,
}

/// What a message keeps of what was typed: all but blank lines at both ends and white space at the end. Its first line
/// keeps its indentation.
pub fn trimmed(text: &str) -> &str {
    let text = text.trim_end();
    let indentation = &text[..text.len() - text.trim_start().len()];
    let ends_line = |c| matches!(c, '\n' | '\u{2028}' | '\u{2029}');
    let last_end = indentation.char_indices().rev().find(|(_, c)| ends_line(*c));
    last_end.map_or(text, |(place, end)| &text[place + end.len_utf8()..])
}

/// Whether a text is longer than any message, told from its length alone. One that is not may still be too long: to count
/// what people see takes Unicode's tables, and so the server.
pub fn is_longer_than_any(text: &str) -> bool {
    text.len() > MAX_BODY_CODE_POINTS && text.chars().nth(MAX_BODY_CODE_POINTS).is_some()
}

impl Body {
    /// What is left of a deleted message: nothing.
    pub const fn deleted() -> Self {
        Self(String::new())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A text that was held to the rules already, or will be before anybody else sees it.
    pub(crate) const fn from_trusted(text: String) -> Self {
        Self(text)
    }
}
