//! Emoji, which are used as reactions.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The longest text that is looked up, in bytes. The longest emoji of Unicode, two people with a skin tone each, has 35.
#[cfg(feature = "ssr")]
const MAX_EMOJI_BYTES: usize = 48;

/// How many different emoji a message can have as reactions.
pub const MAX_REACTIONS: usize = 20;

/// One emoji.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Emoji(String);

/// A text is not one emoji.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a reaction is one emoji")]
pub struct EmojiError;

impl Emoji {
    /// Parses an emoji of Unicode's list (`emoji-test.txt`, UTS #51), qualified or not, and normalizes it to the fully qualified
    /// form of that list. A joiner at the end is dropped.
    ///
    /// # Errors
    /// [`EmojiError`] for anything else.
    #[cfg(feature = "ssr")]
    pub fn parse(text: &str) -> Result<Self, EmojiError> {
        use std::iter::once;

        if text.len() > MAX_EMOJI_BYTES {
            return Err(EmojiError);
        }
        let bare: String = without_selectors(text).collect();
        let bare = bare.trim_end_matches('\u{200d}');
        let known = emojis::get(bare).ok_or(EmojiError)?;
        // Of two people with skin tones that are spelled without selectors, `get` may give others.
        once(known)
            .chain(known.skin_tones().into_iter().flatten())
            .find(|emoji| without_selectors(emoji.as_str()).eq(bare.chars()))
            .map(|emoji| Self(emoji.as_str().to_owned()))
            .ok_or(EmojiError)
    }

    /// Takes an emoji that an earlier version accepted, and normalizes it if it is on Unicode's list.
    #[cfg(feature = "ssr")]
    pub fn from_stored(text: String) -> Self {
        Self::parse(&text).unwrap_or(Self(text))
    }

    /// The emoji as a text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Wraps a text that has been parsed before, or that the server will parse before others see it.
    pub(crate) const fn from_trusted(text: String) -> Self {
        Self(text)
    }
}

/// Removes the variation selectors, which ask for a coloured or a black emoji.
#[cfg(feature = "ssr")]
fn without_selectors(text: &str) -> impl Iterator<Item = char> {
    text.chars().filter(|c| !matches!(c, '\u{fe0e}' | '\u{fe0f}'))
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
    fn however_an_emoji_is_spelled_it_is_one_reaction() {
        for (spellings, emoji) in [
            (&["❤", "❤\u{fe0f}", "❤\u{fe0e}", "❤\u{fe0f}\u{200d}", "❤\u{200d}\u{fe0f}"][..], "❤\u{fe0f}"),
            (&["👍", "👍\u{fe0e}", "👍\u{fe0f}", "👍\u{200d}", "👍\u{fe0f}\u{fe0f}"], "👍"),
            (&["👍🏽", "👍\u{fe0f}🏽", "👍🏽\u{fe0f}"], "👍🏽"),
            (&["☝🏽", "☝\u{fe0f}🏽"], "☝🏽"),
            (&["☝", "☝\u{fe0f}"], "☝\u{fe0f}"),
            (&["1\u{20e3}", "1\u{fe0f}\u{20e3}", "1\u{fe0e}\u{20e3}"], "1\u{fe0f}\u{20e3}"),
            (&["☺", "☺\u{fe0e}"], "☺\u{fe0f}"),
            (&["©", "©\u{fe0f}"], "©\u{fe0f}"),
            (&["🇨🇳", "🇨🇳\u{fe0f}"], "🇨🇳"),
            (&["🏳\u{200d}🌈", "🏳\u{fe0f}\u{200d}🌈"], "🏳\u{fe0f}\u{200d}🌈"),
            (&["👁\u{200d}🗨", "👁\u{fe0f}\u{200d}🗨"], "👁\u{fe0f}\u{200d}🗨\u{fe0f}"),
            (&["⛹🏻\u{200d}♂", "⛹🏻\u{200d}♂\u{fe0f}"], "⛹🏻\u{200d}♂\u{fe0f}"),
            (&["🧔\u{200d}♀", "🧔\u{200d}♀\u{fe0f}"], "🧔\u{200d}♀\u{fe0f}"),
            (&["👩🏽\u{200d}❤\u{200d}👩🏽"], "👩🏽\u{200d}❤\u{fe0f}\u{200d}👩🏽"),
            (&["👨🏿\u{200d}❤\u{200d}💋\u{200d}👨🏾"], "👨🏿\u{200d}❤\u{fe0f}\u{200d}💋\u{200d}👨🏾"),
        ] {
            for text in spellings {
                assert_eq!(Emoji::parse(text).as_ref().map(Emoji::as_str), Ok(emoji), "{text:?}");
            }
        }
    }

    #[test]
    fn every_emoji_of_unicode_is_one_with_and_without_selectors() {
        let with_tones = |emoji: &'static emojis::Emoji| emoji.skin_tones().into_iter().flatten().chain([emoji]);
        for emoji in emojis::iter().flat_map(with_tones) {
            let bare: String = without_selectors(emoji.as_str()).collect();
            for text in [emoji.as_str(), &bare, &format!("{bare}\u{fe0f}"), &format!("{}\u{200d}", emoji.as_str())] {
                assert_eq!(Emoji::parse(text).as_ref().map(Emoji::as_str), Ok(emoji.as_str()), "{text:?}");
            }
        }
    }

    #[test]
    fn what_an_earlier_program_let_in_stays_if_unicode_does_not_know_it() {
        for (stored, shown) in
            [("❤", "❤\u{fe0f}"), ("👍\u{200d}", "👍"), ("🇽🇽", "🇽🇽"), ("👍\u{200d}👎", "👍\u{200d}👎")]
        {
            assert_eq!(Emoji::from_stored(stored.to_owned()).as_str(), shown);
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
            // Two emoji, joined or not, and halves of one.
            "👍\u{200d}👎",
            "❤\u{fe0f}❤",
            "🇨",
            "🇽🇽",
            "🇨🇳🇨🇳",
            "\u{20e3}",
            "#\u{fe0f}",
            "\u{200d}👍",
            "\u{1f3fd}",
            "🏴\u{e0067}\u{e007f}",
            "👍\u{1f3fd}\u{1f3fd}",
            "\u{fe0f}",
            // What is not seen beside it, and signs that are none.
            "👍\u{200b}",
            "\u{2060}👍",
            "👍a",
            "∞",
            "✓",
            "☆",
            "①",
        ] {
            assert_eq!(Emoji::parse(text), Err(EmojiError), "{text:?}");
        }
        assert_eq!(Emoji::parse(&format!("👍{}", "\u{200d}👍".repeat(40))), Err(EmojiError));
        assert_eq!(Emoji::parse(&format!("👍{}", "\u{301}".repeat(18))), Err(EmojiError));
    }
}
