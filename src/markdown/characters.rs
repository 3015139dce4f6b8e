//! What the characters beside a mark of emphasis are.
//!
//! `CommonMark` decides by white space and punctuation whether a mark can open or close emphasis. That fails where words are not
//! separated by spaces: `**重要：**请看` and `说**“好”**` have punctuation inside and a letter outside. Here only letters and
//! digits of scripts that separate words are the inside of a word, where a mark is none: `2*3*4`.

/// The first character after the Latin, Greek, Cyrillic and Armenian scripts. Those behind it are letters of scripts in which
/// words or particles follow each other without a space, or punctuation beside them.
const FIRST_OF_OTHER_SCRIPTS: char = '\u{590}';

/// Whether there is nothing, or white space.
fn is_space(c: Option<char>) -> bool {
    c.is_none_or(|c| c.is_whitespace())
}

/// Whether a character is the inside of a word in a script that separates words by spaces.
fn is_in_word(c: Option<char>) -> bool {
    c.is_some_and(|c| c < FIRST_OF_OTHER_SCRIPTS && c.is_alphanumeric())
}

/// Whether a character belongs to a script without spaces, or is punctuation beside such a script.
fn is_of_other_script(c: Option<char>) -> bool {
    c.is_some_and(|c| c >= FIRST_OF_OTHER_SCRIPTS)
}

/// Whether a mark may begin emphasis between these characters.
pub(super) fn may_open(mark: u8, before: Option<char>, after: Option<char>) -> bool {
    // After these a mark is part of a pattern of file names, or of a formula.
    if is_space(after) || after.is_some_and(|c| ".,;/\\)]}=|%".contains(c)) {
        return false;
    }
    match mark {
        b'_' => before.is_none_or(|c| !c.is_alphanumeric()),
        _ => !is_in_word(before) || is_of_other_script(after),
    }
}

/// Whether a mark may end emphasis between these characters.
pub(super) fn may_close(mark: u8, before: Option<char>, after: Option<char>) -> bool {
    if is_space(before) || before.is_some_and(|c| "/\\([{".contains(c)) {
        return false;
    }
    match mark {
        b'_' => after.is_none_or(|c| !c.is_alphanumeric()),
        _ => !is_in_word(after) || is_of_other_script(before),
    }
}
