//! A valid nickname parses to the same nickname again, and so does the one that is suggested instead.

use teahouse::domain::{MAX_NICKNAME_CHARACTERS, Nickname};

/// The code points of the longest nickname; see `domain::nickname::rules`.
const MAX_CODE_POINTS: usize = MAX_NICKNAME_CHARACTERS * 12;

pub(crate) fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(name) = Nickname::parse(text) else { return };
    assert_eq!(Nickname::parse(name.as_str()).as_ref(), Ok(&name));
    assert!(name.as_str().chars().count() <= MAX_CODE_POINTS);
    assert!(!name.initial().is_empty());

    assert!(!name.key().as_str().trim().is_empty());
    // Written in capitals it may be refused, or have become too long, but it is no shorter way to nothing.
    if let Ok(upper) = Nickname::parse(&name.as_str().to_uppercase()) {
        assert!(!upper.key().as_str().trim().is_empty());
    }
    for number in [2, 99, u32::MAX] {
        let numbered = name.numbered(number);
        assert_eq!(Nickname::parse(numbered.as_str()).as_ref(), Ok(&numbered));
    }
}
