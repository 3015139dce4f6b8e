//! The reason of a report.

use serde::{Deserialize, Serialize};

/// The longest reason, in user-perceived characters (extended grapheme clusters, UAX #29).
pub const MAX_REASON_CHARACTERS: usize = 500;

/// Why a user reports a message: one line of text, which may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Reason(String);

/// A text is too long for a reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a reason has at most {MAX_REASON_CHARACTERS} characters")]
pub struct ReasonError;

impl Reason {
    /// Makes a text one line: control characters and runs of white space become one space.
    ///
    /// # Errors
    /// [`ReasonError`] if it has more than [`MAX_REASON_CHARACTERS`], or more than four bytes for each of so many.
    #[cfg(feature = "ssr")]
    pub fn parse(text: &str) -> Result<Self, ReasonError> {
        super::one_line::one_line(text, MAX_REASON_CHARACTERS).map(Self).ok_or(ReasonError)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether no reason was given.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Wraps a text that has been parsed before.
    #[cfg(feature = "ssr")]
    pub(crate) const fn from_trusted(text: String) -> Self {
        Self(text)
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_one_line_without_control_characters() {
        let parsed = |text| Reason::parse(text).map(|reason| reason.as_str().to_owned());
        assert_eq!(parsed("  he\u{1b}[2J said\n\nthat\u{0}\u{9b} "), Ok("he [2J said that".into()));
        assert_eq!(parsed(" \n\u{7} "), Ok(String::new()));
        assert_eq!(parsed("他\t骂人"), Ok("他 骂人".into()));
    }

    #[test]
    fn a_reason_is_bounded_in_characters_and_in_bytes() {
        assert!(Reason::parse(&"骂".repeat(MAX_REASON_CHARACTERS)).is_ok());
        assert_eq!(Reason::parse(&"骂".repeat(MAX_REASON_CHARACTERS + 1)), Err(ReasonError));
        assert_eq!(Reason::parse(&format!("a{}", "\u{301}".repeat(2_000))), Err(ReasonError), "one character");
        let family = "👨\u{200d}👩\u{200d}👧";
        assert_eq!(Reason::parse(&family.repeat(200)), Err(ReasonError), "two hundred");
    }
}
