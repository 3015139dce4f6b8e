//! Finding emoji by name, in English and Chinese alike.

use crate::ui::emoji::catalog::{NamedEmoji, all};

/// How well a word fits a name: the lower, the better. Names are one better than keywords.
const SAME: u32 = 0;
const BEGINNING: u32 = 2;
const BEGINNING_OF_WORD: u32 = 4;
/// Chinese is written without spaces, so a word may stand anywhere.
const INSIDE: u32 = 6;

/// The emoji that a text finds, the best first. All words of the text must fit.
pub(super) fn search(text: &str) -> Vec<&'static NamedEmoji> {
    let text = text.trim().trim_matches(':').to_lowercase().replace('_', " ");
    if text.is_empty() {
        return Vec::new();
    }
    let mut found: Vec<_> = all().filter_map(|emoji| Some((rank(emoji, &text)?, emoji))).collect();
    found.sort_by_key(|(rank, _)| *rank);
    found.into_iter().map(|(_, emoji)| emoji).collect()
}

/// How well a text fits an emoji: as a whole, or by its words.
fn rank(emoji: &NamedEmoji, text: &str) -> Option<u32> {
    let by_words = text.split_whitespace().try_fold(0, |sum, word| Some(sum + rank_of_part(emoji, word)?));
    by_words.into_iter().chain(rank_of_part(emoji, text)).min()
}

fn rank_of_part(emoji: &NamedEmoji, part: &str) -> Option<u32> {
    let short_names = emoji.short_names.split('|').map(|name| (0, name));
    let names = [emoji.english, emoji.chinese]
        .into_iter()
        .flat_map(|names| names.split('|').enumerate().map(|(index, name)| (u32::from(index > 0), name)));
    short_names.chain(names).filter_map(|(penalty, name)| Some(rank_in_name(name, part)? + penalty)).min()
}

fn rank_in_name(name: &str, part: &str) -> Option<u32> {
    let name = name.to_lowercase().replace('_', " ");
    let begins_word = || name.split([' ', '-', ':', ',']).any(|word| word.starts_with(part));
    if name == part {
        Some(SAME)
    } else if name.starts_with(part) {
        Some(BEGINNING)
    } else if begins_word() {
        Some(BEGINNING_OF_WORD)
    } else if !part.is_ascii() && name.contains(part) {
        Some(INSIDE)
    } else {
        None
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;
    use crate::ui::emoji::tone::SkinTone;

    fn found(text: &str) -> Vec<String> {
        search(text).into_iter().map(|emoji| emoji.in_tone(SkinTone::None)).collect()
    }

    #[test]
    fn the_best_emoji_comes_first_in_both_languages() {
        for (text, best) in [
            ("tea", "🍵"),
            ("TEA", "🍵"),
            (":tea:", "🍵"),
            ("热茶", "🍵"),
            ("+1", "👍"),
            ("thumbs_up", "👍"),
            ("thumbs up", "👍"),
            ("red heart", "❤️"),
            ("heart red", "❤️"),
            ("红心", "❤️"),
            ("china", "🇨🇳"),
            ("wave", "👋"),
            ("火箭", "🚀"),
        ] {
            assert_eq!(found(text).first().map(String::as_str), Some(best), "{text}");
        }
    }

    #[test]
    fn the_beginning_of_a_word_is_enough_in_english_and_any_part_in_chinese() {
        assert!(found("umbr").contains(&"☂️".to_owned()));
        assert!(found("mbrella").is_empty());
        assert!(found("向上").contains(&"👍".to_owned()));
        assert!(found("茶").contains(&"🍵".to_owned()));
    }

    #[test]
    fn all_words_must_fit() {
        assert!(found("red").contains(&"🍎".to_owned()));
        assert!(!found("red heart").contains(&"🍎".to_owned()));
        assert!(found("red nonsense").is_empty());
        for blank in ["", "  ", ":"] {
            assert!(found(blank).is_empty());
        }
    }
}
