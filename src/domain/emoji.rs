//! What people put to a message instead of words.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The longest emoji in bytes; the longest that Unicode has are flags of regions, with 28.
#[cfg(feature = "ssr")]
const MAX_EMOJI_BYTES: usize = 40;

/// How many different emoji one message can carry.
pub const MAX_REACTIONS: usize = 20;

/// One emoji.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Emoji(String);

/// The text is not one emoji.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a reaction is one emoji")]
pub struct EmojiError;

impl Emoji {
    /// Takes one user-perceived character (UAX #29) that is an emoji (UTS #51).
    ///
    /// # Errors
    /// [`EmojiError`] for anything else.
    #[cfg(feature = "ssr")]
    pub fn parse(text: &str) -> Result<Self, EmojiError> {
        use unicode_properties::UnicodeEmoji as _;
        use unicode_segmentation::UnicodeSegmentation as _;

        // Digits, # and * are emoji characters too, but only a keycap makes them emoji.
        let is_keycap = text.ends_with('\u{20e3}');
        let is_emoji = text.chars().next().is_some_and(|c| c.is_emoji_char() && (is_keycap || !c.is_ascii()));
        // Anything else would hang on to it as a mark, or not be seen at all.
        let belongs = |c: char| {
            c.is_emoji_char() || matches!(c, '\u{200d}' | '\u{fe0f}' | '\u{20e3}' | '\u{e0020}'..='\u{e007f}')
        };
        if is_emoji
            && text.len() <= MAX_EMOJI_BYTES
            && text.chars().all(belongs)
            && text.graphemes(true).nth(1).is_none()
        {
            Ok(Self(text.to_owned()))
        } else {
            Err(EmojiError)
        }
    }

    /// The emoji itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// An emoji that was held to the rules already, or will be before anybody else sees it.
    pub(crate) const fn from_trusted(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Display for Emoji {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn one_emoji_is_a_reaction() {
        for text in ["👍", "❤️", "🍵", "👩‍👩‍👧", "🇨🇳", "👋🏽", "1️⃣", "🏴󠁧󠁢󠁳󠁣󠁴󠁿"]
        {
            assert_eq!(Emoji::parse(text).map(|emoji| emoji.to_string()), Ok(text.to_owned()));
        }
    }

    #[test]
    fn anything_else_is_not() {
        for text in [
            "",
            " ",
            "a",
            "1",
            "#",
            "好",
            "👍👍",
            "👍 ",
            "+1",
            "\u{200d}",
            "<b>",
            "1\u{301}",
            "👍\u{301}",
            "👍\u{34f}",
            "🏴क",
        ] {
            assert_eq!(Emoji::parse(text), Err(EmojiError), "{text:?}");
        }
        assert_eq!(Emoji::parse(&format!("👍{}", "\u{200d}👍".repeat(40))), Err(EmojiError));
        assert_eq!(Emoji::parse(&format!("👍{}", "\u{301}".repeat(18))), Err(EmojiError));
    }
}
