//! The languages of the page, and which of them the reader has chosen.

use leptos::prelude::*;
use serde::{Serialize, Serializer};

use crate::ui::i18n::{en, texts::Texts, zh};

/// A language of the page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// 简体中文.
    Chinese,
}

impl Language {
    /// All languages, in the order in which the page offers them.
    pub const ALL: [Self; 2] = [Self::English, Self::Chinese];

    /// The BCP 47 tag, as in `<html lang>` and in the cookie.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Chinese => "zh-Hans",
        }
    }

    /// The name of the language in itself.
    pub const fn name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::Chinese => "简体中文",
        }
    }

    /// The language of a BCP 47 tag, if the page has its texts.
    pub fn from_tag(tag: &str) -> Option<Self> {
        match tag.split(['-', '_']).next()?.trim().to_ascii_lowercase().as_str() {
            "en" => Some(Self::English),
            "zh" => Some(Self::Chinese),
            _ => None,
        }
    }

    /// The language that a browser prefers among those of the page (`Accept-Language`, RFC 9110 §12.5.4).
    pub fn from_accept_language(header: &str) -> Option<Self> {
        let weighted = header.split(',').filter_map(|range| {
            let (tag, parameters) = range.split_once(';').unwrap_or((range, ""));
            let weight = parameters.trim().strip_prefix("q=").map_or(Ok(1.0), str::parse::<f32>).ok()?;
            Some((weight, Self::from_tag(tag.trim())?)).filter(|(weight, _)| *weight > 0.0)
        });
        // Of several with the highest weight, the first counts; `max_by` would return the last.
        weighted.reduce(|best, next| if next.0 > best.0 { next } else { best }).map(|(_, language)| language)
    }

    /// The texts in this language.
    pub fn texts(self) -> &'static Texts {
        match self {
            Self::English => &en::TEXTS,
            Self::Chinese => &zh::TEXTS,
        }
    }
}

impl Serialize for Language {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.tag())
    }
}

/// The texts in the language that the reader has chosen. This does not track the signal: choosing another language renders
/// the whole page again.
pub(crate) fn texts() -> &'static Texts {
    expect_context::<RwSignal<Language>>().get_untracked().texts()
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;
    use crate::ui::i18n::in_sentence::InSentence;

    #[test]
    fn the_language_with_the_highest_weight_is_preferred() {
        let best = |header| Language::from_accept_language(header);
        assert_eq!(best("zh-CN,zh;q=0.9,en;q=0.8"), Some(Language::Chinese));
        assert_eq!(best("fr, en-GB;q=0.7, zh;q=0.3"), Some(Language::English));
        assert_eq!(best("en;q=0.2, zh-Hant-TW"), Some(Language::Chinese));
        assert_eq!(best("de, zh;q=0"), None);
        assert_eq!(best(";;q=x,,"), None);
    }

    #[test]
    fn languages_are_found_by_their_tags() {
        for language in Language::ALL {
            assert_eq!(Language::from_tag(language.tag()), Some(language));
        }
    }

    #[test]
    fn every_text_isolates_the_names_in_it() {
        let name = InSentence("מיכל");
        for t in Language::ALL.map(Language::texts) {
            let sentences = [
                t.try_name,
                t.private_topic,
                t.namesake_topic,
                t.user_left_note,
                t.leave_question,
                t.change_recipient,
                t.write_to,
                t.empty_direct,
                t.unknown_user,
            ]
            .map(|of| of(name));
            let of_several = [
                (t.typing)(&[name]),
                (t.typing)(&[InSentence("Bo"), name]),
                (t.who_reacted)(&[name, InSentence("Bo"), name], 0),
                (t.who_reacted)(&[name], 3),
            ];
            for text in sentences.iter().chain(&of_several) {
                assert_eq!(text.matches("מיכל").count(), text.matches("\u{2068}מיכל\u{2069}").count(), "{text}");
                assert!(text.contains("מיכל"));
            }
        }
    }
}
