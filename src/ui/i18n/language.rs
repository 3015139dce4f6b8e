//! The languages of the page, and which of them the reader has chosen.

use serde::{Serialize, Serializer};

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
}

impl Serialize for Language {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.tag())
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

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
}
