//! User-perceived characters: extended grapheme clusters (UAX #29). The browser has its own tables, so Rust's need not be
//! loaded there.

/// The first character of a text: an emoji with everything joined to it, or a letter with its marks.
pub fn first_character(text: &str) -> String {
    let mut chars = text.chars();
    let Some(first) = chars.next() else { return String::new() };
    if stands_apart(first) && chars.next().is_none_or(stands_apart) {
        first.to_string()
    } else {
        looked_up(text, first)
    }
}

/// Whether this is a letter, ideograph or sign that never joins others of this set. Nearly all names begin with two of them, so
/// no table is needed.
fn stands_apart(c: char) -> bool {
    matches!(c, ' '..='~' | '\u{a0}'..='\u{ac}' | '\u{ae}'..='\u{2ff}' | '\u{3041}'..='\u{3096}' | '\u{30a1}'..='\u{30ff}'
        | '\u{4e00}'..='\u{9fff}')
}

#[cfg(feature = "ssr")]
fn looked_up(text: &str, _: char) -> String {
    use unicode_segmentation::UnicodeSegmentation as _;

    text.graphemes(true).next().unwrap_or_default().to_owned()
}

/// Without `Intl.Segmenter`, in an old browser, this is the first code point.
#[cfg(not(feature = "ssr"))]
fn looked_up(text: &str, first: char) -> String {
    use js_sys::{Intl::Segmenter, Reflect, global};

    let knows = Reflect::get(&global(), &"Intl".into()).and_then(|intl| Reflect::has(&intl, &"Segmenter".into()));
    let found = knows.is_ok_and(|knows| knows).then(|| Segmenter::default().segment(text).containing(0)).flatten();
    found.map_or_else(|| first.to_string(), |found| found.segment().into())
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use unicode_segmentation::UnicodeSegmentation as _;

    use super::{first_character, stands_apart};

    #[test]
    fn what_stands_apart_is_never_joined_to_another_of_its_kind() {
        let apart: Vec<char> = ('\0'..='\u{ffff}').filter(|c| stands_apart(*c)).collect();
        let text: String = apart.iter().collect();
        assert_eq!(text.graphemes(true).count(), apart.len());
    }

    #[test]
    fn the_first_character_is_whole() {
        for (text, first) in [
            ("", ""),
            ("a", "a"),
            ("ab", "a"),
            ("e\u{301}te\u{301}", "e\u{301}"),
            ("🇨🇳 X", "🇨🇳"),
            ("🇨🇳🇫🇷", "🇨🇳"),
            ("1\u{fe0f}\u{20e3} X", "1\u{fe0f}\u{20e3}"),
            ("#\u{fe0f}\u{20e3}", "#\u{fe0f}\u{20e3}"),
            ("1X", "1"),
            ("👨\u{200d}👩\u{200d}👧 us", "👨\u{200d}👩\u{200d}👧"),
            ("👋🏽hi", "👋🏽"),
            ("❤\u{fe0f}x", "❤\u{fe0f}"),
            (
                "🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f} Al",
                "🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}",
            ),
            ("🏳\u{fe0f}\u{200d}🌈x", "🏳\u{fe0f}\u{200d}🌈"),
            ("नि", "नि"),
            ("ที่", "ที่"),
            ("க்ஷ", "க்"),
            ("\u{1112}\u{1161}\u{11ab}글", "\u{1112}\u{1161}\u{11ab}"),
            ("葛\u{e0100}城", "葛\u{e0100}"),
            ("ハ\u{309a}x", "ハ\u{309a}"),
            ("שָׁלוֹם", "שָׁ"),
            ("مُحمد", "مُ"),
            ("\r\nx", "\r\n"),
        ] {
            assert_eq!(first_character(text), first, "{text:?}");
        }
    }
}
