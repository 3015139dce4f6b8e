//! The rules for new messages, and the cleaning of stored ones that were accepted by earlier rules.

use std::borrow::Cow;

use unicode_properties::{GeneralCategory, UnicodeGeneralCategory as _};
use unicode_segmentation::UnicodeSegmentation as _;

use super::text::{
    Body, BodyError, MAX_BODY_BYTES, MAX_BODY_CHARACTERS, MAX_BODY_CODE_POINTS, MAX_CHARACTER_CODE_POINTS,
    MAX_CHARACTER_MARKS, is_longer_than_any, trimmed,
};
use crate::domain::blank::is_blank;

impl Body {
    /// Parses a typed text: normalizes line ends to `\n`, removes control characters except tabs, [trims](trimmed), and checks
    /// the limits.
    ///
    /// # Errors
    /// [`BodyError`] if nothing visible is left, or a limit is exceeded.
    pub fn parse(text: &str) -> Result<Self, BodyError> {
        if text.len() > MAX_BODY_BYTES {
            return Err(BodyError::TooLong);
        }
        let text = without_controls(text);
        let text = trimmed(&text);
        // The cheapest checks come first. A character has at least one code point, and that at least one byte, so most texts need
        // no count.
        if is_longer_than_any(text) {
            return Err(BodyError::TooLong);
        }
        if text.chars().all(is_blank) {
            return Err(BodyError::Empty);
        }
        if text.len() > MAX_BODY_CHARACTERS && text.graphemes(true).nth(MAX_BODY_CHARACTERS).is_some() {
            return Err(BodyError::TooLong);
        }
        if !is_light(text) && text.graphemes(true).any(is_overloaded) {
            return Err(BodyError::Overloaded);
        }
        Ok(Self(text.to_owned()))
    }

    /// Takes a stored text, perhaps accepted by earlier rules, and removes what could harm its readers. The result depends on the
    /// text alone, so that all clients get the same. An ordinary text is scanned once.
    pub fn from_stored(text: String) -> Self {
        let clean = without_controls(&text);
        if clean.len() <= MAX_BODY_CODE_POINTS && is_light(&clean) {
            return match clean {
                Cow::Borrowed(_) => Self(text),
                Cow::Owned(clean) => Self(clean),
            };
        }
        let mut shown = String::with_capacity(clean.len());
        for character in clean.graphemes(true) {
            if is_overloaded(character) { push_limited(character, &mut shown) } else { shown.push_str(character) }
        }
        if let Some((end, _)) = shown.char_indices().nth(MAX_BODY_CODE_POINTS) {
            shown.truncate(end);
        }
        Self(shown)
    }
}

/// Removes the control characters of C0, DEL and C1 except `\n` and tabs: they are invisible, and terminals obey them.
fn without_controls(text: &str) -> Cow<'_, str> {
    let is_unwanted = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    // The first byte of all of C1 is 0xC2.
    let may_be_unwanted = |byte: &u8| (*byte < b' ' && !matches!(byte, b'\n' | b'\t')) || matches!(byte, 0x7f | 0xc2);
    if !text.as_bytes().iter().any(may_be_unwanted) || !text.contains(is_unwanted) {
        return Cow::Borrowed(text);
    }
    let mut clean = text.replace("\r\n", "\n").replace('\r', "\n");
    clean.retain(|c| !is_unwanted(c));
    Cow::Owned(clean)
}

/// Whether no character can be overloaded. This needs no segmentation: a character has at most one code point that
/// [stands alone](stands_alone), so an overloaded character has a long run of others.
fn is_light(text: &str) -> bool {
    const { assert!(MAX_CHARACTER_CODE_POINTS >= 2 * MAX_CHARACTER_MARKS, "otherwise shorter runs would matter as well") };
    let mut run = 0;
    text.chars().all(|c| {
        run = if stands_alone(c) { 0 } else { run + 1 };
        run < MAX_CHARACTER_MARKS
    })
}

/// Whether this is a code point of a frequent script that can only be the base of a character.
fn stands_alone(c: char) -> bool {
    matches!(c, '\0'..='\u{a8}' | '\u{aa}'..='\u{ac}' | '\u{af}'..='\u{2ff}' | '\u{370}'..='\u{482}'
        | '\u{48a}'..='\u{590}' | '\u{3041}'..='\u{3096}' | '\u{30a1}'..='\u{30ff}' | '\u{4e00}'..='\u{9fff}'
        | '\u{ac00}'..='\u{d7a3}')
}

fn is_mark(c: char) -> bool {
    matches!(c.general_category(), GeneralCategory::NonspacingMark | GeneralCategory::EnclosingMark)
}

fn is_overloaded(character: &str) -> bool {
    character.len() > MAX_CHARACTER_MARKS
        && (character.chars().nth(MAX_CHARACTER_CODE_POINTS).is_some()
            || character.chars().filter(|c| is_mark(*c)).nth(MAX_CHARACTER_MARKS).is_some())
}

/// Appends a character without the marks and code points that exceed the limits.
fn push_limited(character: &str, shown: &mut String) {
    let mut marks = 0;
    let kept = character.chars().filter(|c| {
        marks += usize::from(is_mark(*c));
        !is_mark(*c) || marks <= MAX_CHARACTER_MARKS
    });
    for (index, c) in kept.enumerate() {
        // The rest of the character is cut off, and the next character must not join in its place.
        if index + 1 == MAX_CHARACTER_CODE_POINTS {
            shown.push(char::REPLACEMENT_CHARACTER);
            return;
        }
        shown.push(c);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_message_is_trimmed_and_keeps_its_lines() {
        let body = Body::parse("  你好\r\n  world \n").expect("a fine message");
        assert_eq!(body.as_str(), "  你好\n  world");
    }

    #[test]
    fn only_blank_lines_at_both_ends_and_white_space_at_the_end_are_cut() {
        for (text, kept) in [
            ("    if a:\n        b()", "    if a:\n        b()"),
            ("\n\n  \n    if a:\n  b\n\n  ", "    if a:\n  b"),
            ("\tmake\n\t\tall\t\n", "\tmake\n\t\tall"),
            (" \u{3000}\u{3000}从前\n\u{3000}\u{3000}有座山\u{3000}", " \u{3000}\u{3000}从前\n\u{3000}\u{3000}有座山"),
            ("\r\n  a\r\n\r\n", "  a"),
            ("\r  a\r", "  a"),
            ("\u{2028} \u{2029} a \u{2028}", " a"),
            ("a\n\n\nb", "a\n\n\nb"),
            ("a  \n  b  ", "a  \n  b"),
            (" a", " a"),
            ("\u{a0}a\u{a0}", "\u{a0}a"),
            ("\u{0}\n a", " a"),
        ] {
            assert_eq!(Body::parse(text).as_ref().map(Body::as_str), Ok(kept), "{text:?}");
        }
    }

    #[test]
    fn an_invisible_text_is_empty() {
        for text in [
            "",
            "  \n\t",
            "\u{200b}\u{2060}",
            "\u{0}",
            "\u{1b}\u{9b}\u{7f}",
            "\u{3164}",
            "\u{2800}\u{2800}",
            "\u{115f}\u{1160}",
            "\u{ffa0}",
            "\u{17b4}\u{17b5}",
            "\u{3164} \u{2800}\n\u{115f}\u{ffa0}\u{17b4}",
            "\u{ad}",
            "\u{34f}\u{180b}\u{fe0f}",
            "\u{fffc}",
            "\u{1d159}",
            "\u{e0061}\u{e007f}",
        ] {
            assert_eq!(Body::parse(text), Err(BodyError::Empty), "{text:?}");
        }
    }

    #[test]
    fn one_visible_character_makes_a_message() {
        for text in [
            ".",
            "\u{3164}a",
            "\u{2800}\u{2801}",
            "\u{301}",
            "\u{f8ff}",
            "\u{fffd}",
            "\u{600}",
            "\u{1f1e8}",
            "🫪",
            "\u{378}",
        ] {
            assert_eq!(Body::parse(text).as_ref().map(Body::as_str), Ok(text), "{text:?}");
        }
    }

    #[test]
    fn a_text_longer_than_a_frame_is_too_long_even_if_trimming_would_shorten_it() {
        let padded = |spaces: usize| format!("a{}", " ".repeat(spaces));
        assert!(Body::parse(&padded(MAX_BODY_BYTES - 1)).is_ok());
        assert_eq!(Body::parse(&padded(MAX_BODY_BYTES)), Err(BodyError::TooLong));
    }

    #[test]
    fn length_is_counted_in_user_perceived_characters() {
        let cook = "👩\u{200d}🍳";
        assert!(Body::parse(&cook.repeat(MAX_BODY_CHARACTERS)).is_ok());
        assert!(Body::parse(&"好".repeat(MAX_BODY_CHARACTERS)).is_ok());
        assert_eq!(Body::parse(&"好".repeat(MAX_BODY_CHARACTERS + 1)), Err(BodyError::TooLong));
        assert_eq!(Body::parse(&"x".repeat(MAX_BODY_CHARACTERS + 1)), Err(BodyError::TooLong));
    }

    #[test]
    fn code_points_are_limited_even_if_the_characters_are_few() {
        let accented = format!("a{}", "\u{301}".repeat(5));
        assert_eq!(Body::parse(&accented.repeat(MAX_BODY_CHARACTERS)), Err(BodyError::TooLong));
        let syllable = "क\u{94d}षि\u{902}";
        assert!(Body::parse(&syllable.repeat(MAX_BODY_CHARACTERS)).is_ok());
    }

    #[test]
    fn control_characters_except_line_ends_and_tabs_are_removed() {
        for (text, clean) in [
            ("\u{1b}[2Jgone", "[2Jgone"),
            ("\u{1b}]0;title\u{7}x", "]0;titlex"),
            ("a\u{0}b\u{8}c\u{7f}d", "abcd"),
            ("\u{9b}31mred\u{85}", "31mred"),
            ("one\ttwo\nthree\rfour\r\nfive", "one\ttwo\nthree\nfour\nfive"),
            ("\u{c}\u{b} trimmed \u{1f}", " trimmed"),
            ("naïve ©", "naïve ©"),
        ] {
            assert_eq!(Body::parse(text).as_ref().map(Body::as_str), Ok(clean), "{text:?}");
        }
    }

    /// Texts whose characters are made of more code points than most.
    const WRITTEN: [&str; 16] = [
        "👨\u{200d}👩\u{200d}👧\u{200d}👦 👩🏽\u{200d}❤\u{fe0f}\u{200d}💋\u{200d}👨🏿 👨🏻\u{200d}👩🏼\u{200d}👧🏽\u{200d}👦🏾 1\u{fe0f}\u{20e3}",
        "🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f} 🇨🇳🇫🇷🇯🇵 🏳\u{fe0f}\u{200d}🌈",
        // Sanskrit, with the longest cluster of consonants (kārtsnya) and Vedic accents.
        "कार्त्स्न्यं अ॒ग्निमी॑ळे पु॒रोहि॑तं र्त्स्न्र्य\u{941}\u{901}\u{951}",
        // The seed of the Kalachakra, which is taller than anything else in Tibetan.
        "ཧྐྵྨླྺྼྻྂ ཨོཾ་མ་ཎི་པདྨེ་ཧཱུྃ",
        // Genesis 1:1, with points and accents.
        "בְּרֵאשִׁ֖ית בָּרָ֣א אֱלֹהִ֑ים אֵ֥ת הַשָּׁמַ֖יִם וְאֵ֥ת הָאָֽרֶץ׃",
        "بِسْمِ ٱللَّهِ ٱلرَّحْمَـٰنِ ٱلرَّحِيمِ قُلۡ هُوَ ٱللَّهُ أَحَدٌ",
        "กิ๊กน้ำปั๊มที่นี่ ญี่ปุ่น",
        "Tie\u{302}\u{301}ng Vie\u{323}\u{302}t, nghie\u{302}\u{303}ng, Ư\u{309}",
        "ស្ត្រី កម្ពុជា ្ក្រ",
        "မြန်မာဘာသာ ကျွန်ုပ် င်္ဂ",
        "தமிழ் க்ஷௌ മലയാളം ക്ഷ്മ്യാ ల్క్ష్మ్యా",
        "\u{1112}\u{1161}\u{11ab}\u{1100}\u{1173}\u{11af} 한글",
        // IPA and mathematics.
        "t\u{361}s\u{32a}\u{31a} a\u{303}\u{330}\u{306} x\u{304}\u{332}\u{20d7}",
        "が\u{3099}か\u{3099} ハ\u{309a}",
        "Ѿ\u{483}\u{488} Ἀ\u{345}ᾷ",
        "ᠮᠣᠩᠭᠣᠯ\u{180e}ᠠ ʼPhags ꡖ",
    ];

    #[test]
    fn what_people_write_is_let_in_as_it_is() {
        for text in WRITTEN {
            assert_eq!(Body::parse(text).as_ref().map(Body::as_str), Ok(text));
            assert_eq!(Body::from_stored(text.to_owned()).as_str(), text);
        }
    }

    #[test]
    fn a_character_that_no_script_needs_is_refused_and_harmless_where_it_is_stored() {
        let joined = |joiner: &str, piece: &str| vec![piece; MAX_CHARACTER_CODE_POINTS].join(joiner);
        for text in [
            format!("a{}", "\u{301}".repeat(MAX_CHARACTER_MARKS + 1)),
            format!("a{}", "\u{301}".repeat(32_000)),
            format!("fine {}", "\u{20dd}".repeat(MAX_CHARACTER_MARKS + 1)),
            format!("❤{}", "\u{fe0f}".repeat(MAX_CHARACTER_MARKS + 1)),
            // Families, tags, consonants, letters of Hangul, and what stands before a letter, without end.
            joined("\u{200d}", "👨"),
            format!("🏴{}", "\u{e0067}".repeat(MAX_CHARACTER_CODE_POINTS)),
            joined("\u{94d}", "क"),
            "\u{1100}".repeat(MAX_CHARACTER_CODE_POINTS + 1),
            format!("{}a", "\u{600}".repeat(MAX_CHARACTER_CODE_POINTS)),
            // Marks that take room.
            format!("क{}", "\u{93e}".repeat(MAX_CHARACTER_CODE_POINTS)),
            format!("한{}{}", "\u{11a8}".repeat(9), "\u{301}".repeat(11)),
        ] {
            let refused = Body::parse(&text).expect_err("no script needs it");
            assert!(matches!(refused, BodyError::Overloaded | BodyError::TooLong), "{refused}");
            let shown = Body::from_stored(text.clone());
            assert_eq!(Body::parse(shown.as_str()).as_ref(), Ok(&shown), "{text:?}");
            assert!(text.starts_with(shown.as_str().trim_end_matches('\u{fffd}')), "{shown:?}");
        }
    }

    #[test]
    fn what_was_stored_by_other_rules_keeps_what_does_no_harm() {
        let stored = |text: &str| Body::from_stored(text.to_owned());
        assert_eq!(stored("\u{1b}[31mred\u{1b}[0m\r\n").as_str(), "[31mred[0m\n");
        let letter = format!("a{}b", "\u{301}".repeat(500));
        assert_eq!(stored(&letter).as_str(), format!("a{}b", "\u{301}".repeat(MAX_CHARACTER_MARKS)));
        let families = format!("{}👩", ["👨"; 40].join("\u{200d}"));
        assert_eq!(stored(&families).as_str().graphemes(true).count(), 3, "what was cut off does not join the next");
        let many = "a\u{301}\u{302}\u{303}\u{304}\u{305}".repeat(MAX_BODY_CHARACTERS);
        assert_eq!(stored(&many).as_str().chars().count(), MAX_BODY_CODE_POINTS);
    }

    /// Texts of what joins and what does not, so that long characters come about.
    fn joining() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            4 => prop::sample::select(vec!["\u{301}", "\u{200d}", "\u{fe0f}", "\u{94d}", "\u{1100}", "\u{600}", "\u{93e}"]),
            2 => prop::sample::select(vec!["a", "क", "👨", "한", "🇨", "茶", "©", "\u{1b}", "\r", "\n", "\u{200b}", " "]),
        ];
        (prop::collection::vec((piece, 1usize..14), 0..12))
            .prop_map(|pieces| pieces.into_iter().map(|(piece, times)| piece.repeat(times)).collect())
    }

    proptest! {
        #[test]
        fn parsing_twice_changes_nothing(text in prop_oneof![any::<String>(), joining()]) {
            if let Ok(body) = Body::parse(&text) {
                prop_assert_eq!(Body::parse(body.as_str()), Ok(body.clone()));
                prop_assert_eq!(Body::from_stored(body.as_str().to_owned()), body);
            }
        }

        #[test]
        fn what_is_said_to_be_light_is(text in prop_oneof![any::<String>(), joining()]) {
            prop_assert!(!is_light(&text) || !text.graphemes(true).any(is_overloaded));
        }

        #[test]
        fn what_was_stored_has_no_overloaded_character_and_no_controls(text in prop_oneof![any::<String>(), joining()]) {
            let shown = Body::from_stored(text);
            prop_assert!(!shown.as_str().graphemes(true).any(is_overloaded));
            prop_assert!(!shown.as_str().contains(|c: char| c.is_control() && c != '\n' && c != '\t'));
        }
    }
}
