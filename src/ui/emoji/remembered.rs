//! What the browser remembers of a user's emoji: the skin tone, and those that were used last.

use crate::{client::browser::local_flag::LocalFlag, domain::UserId, ui::emoji::tone::SkinTone};

/// How many of the last emoji are remembered: three rows of the picker.
const MAX_RECENT: usize = 24;

/// The skin tone, and the last emoji, the newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct RememberedEmoji {
    pub(super) tone: SkinTone,
    pub(super) recent: Vec<String>,
}

impl RememberedEmoji {
    /// Reads what the browser has stored.
    pub(super) fn load(user: UserId) -> Self {
        LocalFlag::emoji(user).get().map(|text| Self::from_text(&text)).unwrap_or_default()
    }

    /// Stores it. A browser that stores nothing forgets it.
    pub(super) fn save(&self, user: UserId) {
        LocalFlag::emoji(user).set(&self.to_text());
    }

    /// An emoji was used.
    pub(super) fn note(&mut self, emoji: &str) {
        self.recent.retain(|known| known != emoji);
        self.recent.insert(0, emoji.to_owned());
        self.recent.truncate(MAX_RECENT);
    }

    fn from_text(text: &str) -> Self {
        let mut parts = text.split(' ');
        let tone = parts.next().and_then(|digit| SkinTone::from_digit(digit.chars().next()?)).unwrap_or_default();
        Self { tone, recent: parts.filter(|part| !part.is_empty()).take(MAX_RECENT).map(str::to_owned).collect() }
    }

    fn to_text(&self) -> String {
        let recent: String = self.recent.iter().flat_map(|emoji| [" ", emoji]).collect();
        format!("{}{recent}", self.tone.digit())
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn an_emoji_is_remembered_once_the_newest_first() {
        let mut remembered = RememberedEmoji::default();
        for emoji in ["🍵", "👋🏽", "🍵"] {
            remembered.note(emoji);
        }
        assert_eq!(remembered.recent, ["🍵", "👋🏽"]);
        for number in 0..40 {
            remembered.note(&number.to_string());
        }
        assert_eq!((remembered.recent.len(), remembered.recent[0].as_str()), (MAX_RECENT, "39"));
    }

    #[test]
    fn what_is_stored_is_read_again_and_nonsense_is_nothing() {
        let remembered = RememberedEmoji { tone: SkinTone::Dark, recent: vec!["🍵".into(), "👋🏽".into()] };
        assert_eq!(RememberedEmoji::from_text(&remembered.to_text()), remembered);
        assert_eq!(RememberedEmoji::from_text(&RememberedEmoji::default().to_text()), RememberedEmoji::default());
        for nonsense in ["", " ", "9", "x"] {
            assert_eq!(RememberedEmoji::from_text(nonsense), RememberedEmoji::default(), "{nonsense:?}");
        }
    }
}
