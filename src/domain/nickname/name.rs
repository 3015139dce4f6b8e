//! Nicknames as they are shown.

use serde::{Deserialize, Serialize};

use crate::domain::{character::first_character, letter_case::uppercase};

/// The longest nickname, in user-perceived characters (extended grapheme clusters, UAX #29).
pub const MAX_NICKNAME_CHARACTERS: usize = 32;

/// A nickname as it is shown: 1 to [`MAX_NICKNAME_CHARACTERS`] user-perceived characters, trimmed, single spaces,
/// nothing invisible.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Nickname(pub(super) String);

/// Why a text cannot be a nickname.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NicknameError {
    /// Nothing but white space.
    #[error("a nickname needs at least one character")]
    Empty,
    /// More than [`MAX_NICKNAME_CHARACTERS`].
    #[error("a nickname has at most {MAX_NICKNAME_CHARACTERS} characters")]
    TooLong,
    /// Control, bidirectional, zero-width, private or unassigned characters, or too many combining marks.
    #[error("a nickname has only characters that can be seen")]
    Invisible,
    /// A word with letters of two alphabets that look alike, such as Latin and Cyrillic.
    #[error("a word in a nickname has letters of one alphabet")]
    MixedAlphabets,
    /// A character that looks like the mark of registered users.
    #[error("a nickname has no check mark")]
    CheckMark,
    /// A word that the program uses for everyone, for the server, or for a role.
    #[error("this name is kept for the server itself, for roles, or for everyone")]
    Reserved,
}

impl Nickname {
    /// The name as shown.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Wraps a text that has been parsed before.
    pub(crate) const fn from_trusted(text: String) -> Self {
        Self(text)
    }

    /// The empty nickname of a user who has deleted their account. Nobody can choose it; pages show 'former user' in the reader's
    /// language.
    pub const fn former() -> Self {
        Self(String::new())
    }

    /// Whether its user has deleted their account.
    pub const fn is_former(&self) -> bool {
        self.0.is_empty()
    }

    /// The character on the avatar: the last one of a Chinese name, otherwise the first one, as a capital letter if that is one
    /// character as well.
    pub fn initial(&self) -> String {
        let is_han = |c| matches!(c, '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}');
        if let Some(last) = self.0.chars().next_back().filter(|_| self.0.chars().all(is_han)) {
            return last.to_string();
        }
        let first = first_character(&self.0);
        let capital = uppercase(&first);
        if capital.chars().count() == first.chars().count() { capital } else { first }
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn name(text: &str) -> Nickname {
        Nickname::parse(text).unwrap_or_else(|error| panic!("{text:?}: {error}"))
    }

    #[test]
    fn names_of_many_scripts_are_welcome() {
        for text in ["小明", "阿玲", "Zoë", "さくら", "민준", "محمد", "O'Brien", "नमस्ते", "🦊", "👨‍👩‍👧", "❤️", "x_1-2.3"]
        {
            assert_eq!(name(text).as_str(), text);
        }
    }

    #[test]
    fn white_space_is_trimmed_and_folded() {
        assert_eq!(name("  Ada \t\u{3000} Lovelace ").as_str(), "Ada Lovelace");
    }

    #[test]
    fn what_cannot_be_seen_is_refused() {
        for text in [
            "a\u{200b}b",
            "a\u{200d}b",
            "\u{202e}abc",
            "a\u{0}",
            "\u{feff}a",
            "\u{3164}",
            "a\u{ad}b",
            "\u{e000}",
            "\u{301}",
        ] {
            assert_eq!(Nickname::parse(text), Err(NicknameError::Invisible), "{text:?}");
        }
        assert_eq!(Nickname::parse(&format!("a{}", "\u{301}".repeat(40))), Err(NicknameError::Invisible));
    }

    #[test]
    fn length_is_counted_as_people_count() {
        assert_eq!(Nickname::parse(" \n "), Err(NicknameError::Empty));
        assert_eq!(name(&"👨‍👩‍👧".repeat(32)).as_str().chars().count(), 160);
        assert_eq!(Nickname::parse(&"明".repeat(33)), Err(NicknameError::TooLong));
        assert_eq!(Nickname::parse(&"a".repeat(100_000)), Err(NicknameError::TooLong));
    }

    #[test]
    fn look_alikes_share_a_key() {
        for (a, b) in [
            ("Alice", "ALICE"),
            ("Alice", "A1ice"),
            ("Alice", "AIice"), // a capital I
            ("Alice", "Ａｌｉｃｅ"),
            ("straße", "STRASSE"),
            ("Zoë", "Zoe\u{308}"),
        ] {
            assert_eq!(name(a).key(), name(b).key(), "{a} and {b}");
        }
        for (a, b) in [("小明", "小红"), ("Zoe", "Zoë"), ("bob", "rob")] {
            assert_ne!(name(a).key(), name(b).key(), "{a} and {b}");
        }
    }

    #[test]
    fn everyone_is_nobody_s_name() {
        for text in ["Everyone", "EVERY0NE", "所有人"] {
            assert_eq!(Nickname::parse(text), Err(NicknameError::Reserved), "{text}");
        }
    }

    #[test]
    fn names_that_the_program_speaks_by_are_nobody_s() {
        for text in [
            "Teahouse",
            "teahouse",
            "Tеаhоuѕе",
            "茶馆",
            "茶館",
            "Admin",
            "ADMlN",
            "Adm1n",
            "Administrator",
            "Owner",
            "0wner",
            "Moderator",
            "m0derator",
            "System",
            "Ｓｙｓｔｅｍ",
            "Server",
            "Root",
            "管理员",
            "系统",
            "群主",
            "版主",
            "所有者",
            "you",
            "你",
        ] {
            let parsed = Nickname::parse(text);
            // A look-alike of two alphabets is refused before.
            assert!(
                matches!(parsed, Err(NicknameError::Reserved | NicknameError::MixedAlphabets)),
                "{text}: {parsed:?}"
            );
        }
    }

    #[test]
    fn signs_spaces_digits_and_emoji_around_a_reserved_word_make_it_nobody_s_either() {
        for text in [
            "Admin.",
            "-System-",
            "S y s t e m",
            "[Owner]",
            "Admin 2",
            "2Admin",
            "_moderator_",
            "Teahouse 🍵",
            "系统 1",
            "管 理 员",
            "「群主」",
            "the host",
            "Everyone!",
        ] {
            assert_eq!(Nickname::parse(text), Err(NicknameError::Reserved), "{text}");
        }
    }

    #[test]
    fn names_that_only_hold_a_reserved_word_are_welcome() {
        for text in
            ["Owen", "Rooth", "Modest", "Admiral", "Systema", "Yours", "小茶馆", "你好", "管家", "老板", "Serverin"]
        {
            assert_eq!(name(text).as_str(), text);
        }
    }

    #[test]
    fn who_has_a_reserved_name_already_can_be_looked_up() {
        let existing = Nickname::parse_existing(" Admin ").expect("a name");
        assert_eq!(existing.as_str(), "Admin");
        assert_eq!(Nickname::parse_existing("a\u{200b}b"), Err(NicknameError::Invisible));
    }

    #[test]
    fn an_initial_is_one_whole_character() {
        for (text, initial) in [
            ("阿玲", "玲"),
            ("𠮷野", "野"),
            ("阿玲2", "阿"),
            ("zoë", "Z"),
            ("élan", "É"),
            ("ßen", "ß"),
            ("ﬁn", "ﬁ"),
            ("ǆungla", "Ǆ"),
            ("👨‍👩‍👧 us", "👨‍👩‍👧"),
            ("🇨🇳 X", "🇨🇳"),
            ("1️⃣ X", "1️⃣"),
            ("7up", "7"),
            ("👋🏽 hi", "👋🏽"),
            ("❤️", "❤️"),
            ("🏴󠁧󠁢󠁳󠁣󠁴󠁿 Al", "🏴󠁧󠁢󠁳󠁣󠁴󠁿"),
            ("नमस्ते", "न"),
            ("निशा", "नि"),
            ("ญี่ปุ่น", "ญี่"),
            ("מיכל", "מ"),
            ("محمد", "م"),
            ("さくら", "さ"),
            ("민준", "민"),
        ] {
            assert_eq!(name(text).initial(), initial, "{text}");
        }
        assert_eq!(Nickname::former().initial(), "");
    }

    proptest! {
        #[test]
        fn parsing_never_panics_and_is_idempotent(text in any::<String>()) {
            if let Ok(nickname) = Nickname::parse(&text) {
                prop_assert_eq!(Nickname::parse(nickname.as_str()), Ok(nickname.clone()));
                prop_assert!(!nickname.initial().is_empty());
            }
        }

        #[test]
        fn a_numbered_name_is_still_a_nickname(text in "[a-z明👨 ]{1,32}", number in 2u32..100_000) {
            if let Ok(nickname) = Nickname::parse(&text) {
                let numbered = nickname.numbered(number);
                prop_assert_eq!(Nickname::parse(numbered.as_str()), Ok(numbered));
            }
        }
    }
}
