//! The emoji that are offered, with their names. `script/emoji-table.mjs` writes the table.

use std::sync::OnceLock;

use crate::ui::{emoji::tone::SkinTone, i18n::Language};

/// A line for each emoji, and an empty line between groups. The columns: the emoji, with a mark where a skin tone goes; its
/// short names; its name and keywords in English; the same in Chinese.
const TABLE: &str = include_str!("table.txt");

/// Stands where a skin tone goes.
const TONE: char = '~';
/// Stands where a skin tone goes, or a variation selector without one.
const TONE_OR_SELECTOR: char = '^';
const SELECTOR: char = '\u{fe0f}';

/// An emoji of the table.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NamedEmoji {
    template: &'static str,
    /// Names without spaces, such as `tea`, separated by `|`: those that people know from elsewhere.
    pub(super) short_names: &'static str,
    /// The name in English, and further words, separated by `|`.
    pub(super) english: &'static str,
    /// The same in Chinese.
    pub(super) chinese: &'static str,
}

impl NamedEmoji {
    fn from_line(line: &'static str) -> Option<Self> {
        let mut columns = line.split('\t');
        Some(Self {
            template: columns.next()?,
            short_names: columns.next()?,
            english: columns.next()?,
            chinese: columns.next()?,
        })
    }

    /// The emoji in this skin tone, if it can have one.
    pub(super) fn in_tone(&self, tone: SkinTone) -> String {
        let modifier = tone.modifier();
        let character = |c| match c {
            TONE => modifier,
            TONE_OR_SELECTOR => modifier.or(Some(SELECTOR)),
            other => Some(other),
        };
        self.template.chars().filter_map(character).collect()
    }

    /// Its name.
    pub(super) fn name(&self, language: Language) -> &'static str {
        let names = match language {
            Language::English => self.english,
            Language::Chinese => self.chinese,
        };
        names.split('|').next().unwrap_or_default()
    }
}

/// The emoji by group, in the order of Unicode.
pub(super) fn groups() -> &'static [Vec<NamedEmoji>] {
    static GROUPS: OnceLock<Vec<Vec<NamedEmoji>>> = OnceLock::new();
    GROUPS.get_or_init(|| {
        let group = |lines: &'static str| lines.lines().filter_map(NamedEmoji::from_line).collect();
        TABLE.split("\n\n").map(group).collect()
    })
}

/// All emoji.
pub(super) fn all() -> impl Iterator<Item = &'static NamedEmoji> {
    groups().iter().flatten()
}

/// The emoji that is spelled so, in any tone.
pub(super) fn by_text(text: &str) -> Option<&'static NamedEmoji> {
    fn bare(text: &str) -> impl Iterator<Item = char> {
        let is_left_out = |c: &char| {
            matches!(*c, SELECTOR | TONE | TONE_OR_SELECTOR) || SkinTone::ALL.iter().any(|it| it.modifier() == Some(*c))
        };
        text.chars().filter(move |c| !is_left_out(c))
    }
    all().find(|emoji| bare(emoji.template).eq(bare(text)))
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;
    use crate::{domain::Emoji, ui::i18n::emoji_picker::EMOJI_PICKER};

    #[test]
    fn the_server_accepts_every_emoji_of_the_table_in_every_tone_as_it_is() {
        for emoji in all() {
            for tone in SkinTone::ALL {
                let text = emoji.in_tone(tone);
                assert_eq!(Emoji::parse(&text).as_ref().map(Emoji::as_str), Ok(text.as_str()), "{emoji:?} {tone:?}");
            }
        }
    }

    #[test]
    fn every_line_is_an_emoji_with_names() {
        assert_eq!(all().count(), TABLE.lines().filter(|line| !line.is_empty()).count());
        for emoji in all() {
            for language in Language::ALL {
                assert!(!emoji.name(language).is_empty(), "{emoji:?}");
            }
            assert!(!emoji.short_names.contains(' '), "{emoji:?}");
        }
    }

    #[test]
    fn every_group_has_a_heading_and_fits_it() {
        for language in Language::ALL {
            assert_eq!(EMOJI_PICKER.in_language(language).groups.len(), groups().len());
        }
        for (group, emoji) in ["😀", "👋", "🐵", "🍵", "🚗", "🎉", "💡", "✅", "🇨🇳"].into_iter().enumerate()
        {
            assert!(groups()[group].iter().any(|known| known.in_tone(SkinTone::None) == emoji), "{emoji}");
        }
    }

    #[test]
    fn an_emoji_is_found_by_its_text_in_any_tone() {
        for (text, name) in [("👋🏽", "waving hand"), ("☝️", "index pointing up"), ("☝🏿", "index pointing up")]
        {
            assert_eq!(by_text(text).map(|emoji| emoji.name(Language::English)), Some(name));
        }
        assert_eq!(by_text("x"), None);
    }
}
