//! A parsed message body or emoji parses to the same value again, and stays within its limits.

use teahouse::domain::{
    Body, Emoji, MAX_BODY_CHARACTERS, MAX_BODY_CODE_POINTS, MAX_CHARACTER_CODE_POINTS, MAX_CHARACTER_MARKS,
};
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory as _};
use unicode_segmentation::UnicodeSegmentation as _;

pub(crate) fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(body) = Body::parse(text) {
        assert_eq!(Body::parse(body.as_str()).as_ref(), Ok(&body));
        assert_eq!(Body::from_stored(body.as_str().to_owned()), body);
        assert!(!body.as_str().is_empty());
        assert!(body.as_str().len() <= text.len());
        assert!(body.as_str().graphemes(true).count() <= MAX_BODY_CHARACTERS);
        check_cost(body.as_str());
    }
    // Whatever an earlier version let in.
    check_cost(Body::from_stored(text.to_owned()).as_str());
    if let Ok(emoji) = Emoji::parse(text) {
        assert_eq!(Emoji::parse(emoji.as_str()).as_ref(), Ok(&emoji));
        check_cost(emoji.as_str());
    }
}

/// That a text costs those who show it no more than its length tells, and does nothing to terminals.
fn check_cost(text: &str) {
    let is_mark =
        |c: char| matches!(c.general_category(), GeneralCategory::NonspacingMark | GeneralCategory::EnclosingMark);
    assert!(text.chars().count() <= MAX_BODY_CODE_POINTS);
    assert!(!text.contains(|c: char| c.is_control() && !matches!(c, '\n' | '\t')));
    for character in text.graphemes(true) {
        assert!(character.chars().count() <= MAX_CHARACTER_CODE_POINTS, "{character:?}");
        assert!(character.chars().filter(|c| is_mark(*c)).count() <= MAX_CHARACTER_MARKS, "{character:?}");
    }
}
