//! Invisible characters.

use unicode_properties::{GeneralCategory, UnicodeGeneralCategory as _};
use unicode_security::confusable_detection::skeleton;

/// Whether a character alone is drawn as nothing. Characters that a font may not have count as visible: private use, and those
/// of a newer Unicode than this program's.
pub(super) fn is_blank(c: char) -> bool {
    // The usual case; the tables below cost more.
    if c.is_ascii_graphic() || matches!(c, '\u{4e00}'..='\u{9fff}') {
        return false;
    }
    let category = match c.general_category() {
        GeneralCategory::Control
        | GeneralCategory::Surrogate
        | GeneralCategory::LineSeparator
        | GeneralCategory::ParagraphSeparator
        | GeneralCategory::SpaceSeparator => true,
        GeneralCategory::Format => !is_prepended(c),
        _ => false,
    };
    // The blank Braille pattern, two Egyptian blanks, a Khitan filler, an empty note head, and the object replacement character.
    let empty = matches!(c, '\u{2800}' | '\u{13441}' | '\u{13442}' | '\u{16fe4}' | '\u{1d159}' | '\u{fffc}');
    let noncharacter = matches!(c, '\u{fdd0}'..='\u{fdef}') || u32::from(c) & 0xfffe == 0xfffe;
    // The skeleton of UTS #39 is empty for `Default_Ignorable_Code_Point`. Some of those are letters by category: the fillers
    // of Hangul, and two vowels of Khmer.
    category || empty || noncharacter || skeleton(c.encode_utf8(&mut [0; 4])).next().is_none()
}

/// Whether this is a visible format character, which is drawn around the digits after it (`Prepended_Concatenation_Mark`).
fn is_prepended(c: char) -> bool {
    matches!(
        c,
        '\u{600}'..='\u{605}' | '\u{6dd}' | '\u{70f}' | '\u{890}' | '\u{891}' | '\u{8e2}' | '\u{110bd}' | '\u{110cd}'
    )
}

#[cfg(test)]
mod tests {
    use super::is_blank;

    #[test]
    fn invisible_and_visible_characters_are_distinguished() {
        for c in [
            ' ',
            '\n',
            '\u{a0}',
            '\u{ad}',
            '\u{34f}',
            '\u{61c}',
            '\u{115f}',
            '\u{1160}',
            '\u{1680}',
            '\u{17b4}',
            '\u{17b5}',
            '\u{180b}',
            '\u{180e}',
            '\u{2003}',
            '\u{200b}',
            '\u{200d}',
            '\u{202e}',
            '\u{2028}',
            '\u{2060}',
            '\u{2065}',
            '\u{2800}',
            '\u{3000}',
            '\u{3164}',
            '\u{fe0f}',
            '\u{feff}',
            '\u{ffa0}',
            '\u{fff9}',
            '\u{fffc}',
            '\u{fffe}',
            '\u{fdd0}',
            '\u{13441}',
            '\u{16fe4}',
            '\u{1bca0}',
            '\u{1d159}',
            '\u{1d173}',
            '\u{e0001}',
            '\u{e0067}',
            '\u{e0100}',
            '\u{10ffff}',
        ] {
            assert!(is_blank(c), "U+{:04X}", u32::from(c));
        }
        for c in [
            'a',
            '.',
            '茶',
            'ん',
            '𠮷',
            '\u{301}',
            '\u{600}',
            '\u{6dd}',
            '🍵',
            '\u{2801}',
            '\u{fffd}',
            '\u{e000}',
            '\u{f8ff}',
            'ㄱ',
            '\u{1100}',
            '\u{1f1e8}',
            '\u{20e3}',
            '\u{378}',
            '☕',
        ] {
            assert!(!is_blank(c), "U+{:04X}", u32::from(c));
        }
    }
}
