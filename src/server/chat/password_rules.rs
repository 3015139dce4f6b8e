//! The rules for new passwords.

use std::borrow::Cow;

use unicode_normalization::{UnicodeNormalization as _, is_nfkc};

use crate::domain::{PASSWORD_CHARACTERS, PasswordError};

/// More than 11,000 common passwords, mostly from leaks, in lower case and sorted: those of zxcvbn's list (MIT,
/// `common_passwords.LICENSE`) with at least 8 characters, and some that zxcvbn finds by rules.
const COMMON_PASSWORDS: &str = include_str!("common_passwords.txt");

/// Words that an attacker would try on this site. Such a word, or the nickname, is refused as a password: alone, repeated,
/// or with digits and signs around it (OWASP ASVS 5.0, 6.1.2 and 6.2.11).
const SITE_WORDS: [&str; 5] = ["teahouse", "茶馆", "lobby", "password", "guest"];

/// The longest unit, in characters, whose repetition is found.
const MAX_REPEATED_UNIT: usize = 4;

/// Characters that lie side by side on a keyboard.
const KEYBOARD_ROWS: [&str; 4] = ["1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm"];

/// Checks a new password of a user with this nickname against the rules.
pub(super) fn check(password: &str, nickname: &str) -> Result<(), PasswordError> {
    let password = &*normalize(password);
    if !PASSWORD_CHARACTERS.contains(&password.chars().count()) {
        return Err(PasswordError::Length);
    }
    let folded = password.to_lowercase();
    if COMMON_PASSWORDS.lines().any(|common| common == folded) {
        return Err(PasswordError::Common);
    }
    let letters = letters_of(&folded);
    let repeats = |word: &str| !word.is_empty() && letters.replace(word, "").is_empty();
    if !letters.is_empty() && (SITE_WORDS.iter().any(|word| repeats(word)) || repeats(&letters_of(nickname))) {
        return Err(PasswordError::Obvious);
    }
    let nickname = nickname.to_lowercase();
    if !nickname.is_empty() && folded.replace(&nickname, "").is_empty() {
        return Err(PasswordError::Obvious);
    }
    if is_predictable(&folded) { Err(PasswordError::Predictable) } else { Ok(()) }
}

/// Normalizes a password to NFKC, as NIST SP 800-63B requires, so that it is the same on every keyboard: composed or not,
/// full-width or not.
pub(super) fn normalize(password: &str) -> Cow<'_, str> {
    if is_nfkc(password) { password.into() } else { password.nfkc().collect::<String>().into() }
}

/// Whether a password repeats a character or a short unit (`aaaaaaaa`, `abcabcabc`), or consists of a few runs along the
/// alphabet, the digits or a keyboard (`12345678`, `abcd4321`, `qwerasdf`). An attacker only has to guess where each run
/// begins.
fn is_predictable(folded: &str) -> bool {
    let characters: Vec<char> = folded.chars().collect();
    let repeats =
        |unit: usize| characters.len() >= 2 * unit && characters[unit..] == characters[..characters.len() - unit];
    if (1..=MAX_REPEATED_UNIT).any(repeats) {
        return true;
    }
    let runs = 1 + characters.windows(2).filter(|pair| !follows(pair[0], pair[1])).count();
    runs * 4 <= characters.len()
}

/// Whether a character repeats the one before, or is its neighbour in the alphabet, among the digits, or on a keyboard.
fn follows(before: char, after: char) -> bool {
    let is_neighbour = before.is_alphanumeric() && u32::from(before).abs_diff(u32::from(after)) <= 1;
    let position = |row: &str, wanted: char| row.chars().position(|key| key == wanted);
    is_neighbour
        || before == after
        || KEYBOARD_ROWS.iter().any(|row| {
            position(row, before).zip(position(row, after)).is_some_and(|(one, other)| one.abs_diff(other) == 1)
        })
}

/// The letters of a text, in lower case.
fn letters_of(text: &str) -> String {
    text.to_lowercase().chars().filter(|c| c.is_alphabetic()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_passwords_are_refused_in_full_width_too() {
        for common in ["ｐａｓｓｗｏｒｄ", "１２３４５６７８", "ｑｗｅｒｔｙｕｉｏｐ", "ｐａｓｓｗｏｒｄ１", "ﬁshfish"]
        {
            assert!(check(common, "Alice").is_err(), "{common}");
        }
        assert_eq!(check("ａｌｉｃｅ２０２６", "Alice"), Err(PasswordError::Obvious));
    }

    #[test]
    fn short_long_and_common_passwords_are_refused() {
        for short in ["", "seven77", "茶茶茶"] {
            assert_eq!(check(short, "Alice"), Err(PasswordError::Length));
        }
        assert_eq!(check(&"x".repeat(257), "Alice"), Err(PasswordError::Length));
        for common in ["password", "PassWord1", "12345678", "qwertyuiop", "trustno1", "iloveyou2", "starwars"] {
            assert_eq!(check(common, "Alice"), Err(PasswordError::Common), "{common}");
        }
        for fine in
            ["correct horse", "茶馆里的八个汉字", "7040 2285 1", &"correct horse battery staple ".repeat(9)[..256]]
        {
            assert_eq!(check(fine, "Alice"), Ok(()), "{fine}");
        }
    }

    #[test]
    fn site_words_and_the_nickname_are_refused() {
        for obvious in
            ["Teahouse!", "teahouse-2026", "茶馆茶馆茶馆茶馆", "Lobby 1234", "alice2026", "AliceAlice", "1-a-l-i-c-e-1"]
        {
            assert_eq!(check(obvious, "Alice"), Err(PasswordError::Obvious), "{obvious}");
        }
        assert_eq!(check("小明小明小明小明", "小明"), Err(PasswordError::Obvious));
        // Another user's nickname is a word like any other.
        for fine in ["alice2026", "teahouse of the moon", "alice in teahouse"] {
            assert_eq!(check(fine, "Bob"), Ok(()), "{fine}");
        }
        assert_eq!(check("7040 2285 1", "42"), Ok(()), "a nickname without letters matches nothing");
    }

    #[test]
    fn repetitions_and_sequences_are_refused() {
        for predictable in [
            "        ",
            &"x".repeat(256),
            "!!!!!!!!!!",
            "茶茶茶茶茶茶茶茶",
            "xyxyxyxyxy",
            "abcabcabcab",
            "7k!z7k!z7k!z",
            "3456789012",
            "98765432109",
            "bcdefghijk",
            "zyxwvutsrq",
            "abcd4321",
            "qwerasdf",
            "poiuytrewq",
            "112233445566",
            "ASDFGHJKL",
            "AbCdEfGhIj",
            "一丁丂七丄丅丆万",
        ] {
            let checked = check(predictable, "Bob");
            // Some of them are common passwords as well.
            assert!(
                matches!(checked, Err(PasswordError::Predictable | PasswordError::Common)),
                "{predictable}: {checked:?}"
            );
        }
        for fine in [
            "correct horse",
            "seven cups of tea",
            "new and long",
            "Tr4verse-Mn0p",
            "hijklm and other stops",
            "茶馆里的八个汉字",
        ] {
            assert_eq!(check(fine, "Bob"), Ok(()), "{fine}");
        }
    }

    #[test]
    fn a_nickname_without_letters_is_refused_too() {
        assert_eq!(check("20040517", "20040517"), Err(PasswordError::Obvious));
        assert_eq!(check("🦊🐻🐼🐨🐯🦊🐻🐼🐨🐯", "🦊🐻🐼🐨🐯"), Err(PasswordError::Obvious));
    }

    #[test]
    fn the_list_of_common_passwords_is_long_enough() {
        assert!(COMMON_PASSWORDS.lines().count() > 3_000, "ASVS 5.0, 6.2.4");
    }

    #[test]
    fn common_passwords_are_otherwise_valid() {
        for common in COMMON_PASSWORDS.lines() {
            assert!(PASSWORD_CHARACTERS.contains(&common.chars().count()), "{common}");
            assert_eq!(common, common.to_lowercase());
        }
    }
}
