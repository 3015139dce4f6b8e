//! The rules for nicknames.

use std::{collections::HashSet, sync::LazyLock};

use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};
use unicode_properties::{GeneralCategory, UnicodeEmoji as _, UnicodeGeneralCategory as _};
use unicode_script::{Script, UnicodeScript as _};
use unicode_segmentation::UnicodeSegmentation as _;

use super::{
    key::NicknameKey,
    name::{MAX_NICKNAME_CHARACTERS, Nickname, NicknameError},
};
use crate::domain::blank;

/// The most code points of one user-perceived character. The longest emoji sequences have ten.
const MAX_CODE_POINTS_PER_CHARACTER: usize = 12;

/// The most nonspacing marks on one letter (UTS #39 §5.4).
const MAX_MARKS: usize = 4;

/// Words that pages show in place of a nickname: for everyone, the server and its operator, roles, the reader, and former
/// users. Written without spaces inside.
const RESERVED_WORDS: [&str; 5] = [
    "everyone everybody lobby 所有人 全体成员 全體成員 大厅 大廳",
    "teahouse 茶馆 茶館 system systemmessage server notice host thehost root operator support staff official 系统 系統 系统消息 \
     系统通知 服务器 伺服器 主机 站长 官方 客服 运营",
    "admin admins administrator administrators sysadmin owner owners moderator moderators mod 管理员 管理員 超级管理员 系统管理员 \
     网站管理员 所有者 拥有者 群主 房主 版主 主持人",
    "you 你 您",
    "formeruser deleteduser 前用户 已注销用户 已删除用户",
];

/// The path of the WebSocket endpoint. A client of the simple protocol could not use this nickname. It is the only path that
/// nicknames may not be.
const WS_NICKNAME: &str = "ws";

/// The keys of the reserved words.
static RESERVED: LazyLock<HashSet<NicknameKey>> =
    LazyLock::new(|| RESERVED_WORDS.iter().flat_map(|words| words.split_whitespace()).map(NicknameKey::of).collect());

/// Characters that look like the mark of registered users in a usual font: check marks, boxes with one, roots, and some
/// letters of rare scripts.
const CHECK_MARKS: [char; 14] =
    ['√', '∛', '∜', '⍻', '⎷', '☑', '✅', '✓', '✔', '🗸', '🗹', '\u{1fbb1}', '\u{10102}', '\u{aa9c}'];

/// The three flags that consist of tag characters. Any other tag characters would hide a text.
const TAGGED_FLAGS: [&str; 3] = ["🏴󠁧󠁢󠁥󠁮󠁧󠁿", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "🏴󠁧󠁢󠁷󠁬󠁳󠁿"];

const ZERO_WIDTH_JOINER: char = '\u{200d}';
const EMOJI_PRESENTATION: char = '\u{fe0f}';
const KEYCAP: char = '\u{20e3}';

impl Nickname {
    /// Parses the nickname of a new user: normalizes `text` (NFC, trimmed, inner white space folded to one space) and checks the
    /// rules.
    ///
    /// # Errors
    /// [`NicknameError`] if the text is empty, too long, reserved, or has invisible or misleading characters.
    pub fn parse(text: &str) -> Result<Self, NicknameError> {
        let name = Self::parse_existing(text)?;
        if is_reserved(name.as_str()) { Err(NicknameError::Reserved) } else { Ok(name) }
    }

    /// Parses the nickname of an existing user. Reserved names are accepted: a user may have had one before it was reserved, and
    /// keeps it.
    ///
    /// # Errors
    /// As for [`Self::parse`], but never [`NicknameError::Reserved`].
    pub fn parse_existing(text: &str) -> Result<Self, NicknameError> {
        let folded = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if folded.is_empty() {
            return Err(NicknameError::Empty);
        }
        // Before normalizing: hostile input must not cost more than it is long.
        if folded.len() > MAX_NICKNAME_CHARACTERS * MAX_CODE_POINTS_PER_CHARACTER * 4 {
            return Err(NicknameError::TooLong);
        }
        let name: String = folded.nfc().collect();
        if name.graphemes(true).any(|character| !is_visible(character)) {
            return Err(NicknameError::Invisible);
        }
        if name.graphemes(true).count() > MAX_NICKNAME_CHARACTERS {
            return Err(NicknameError::TooLong);
        }
        if name.contains(CHECK_MARKS) {
            return Err(NicknameError::CheckMark);
        }
        if !has_one_alphabet_a_word(&name) {
            return Err(NicknameError::MixedAlphabets);
        }
        let name = Self(name);
        let key = name.key();
        // A name of tatweels only has an empty key.
        if key.as_str().trim().is_empty() {
            return Err(NicknameError::Invisible);
        }
        Ok(name)
    }

    /// The key, which must be unique.
    pub fn key(&self) -> NicknameKey {
        NicknameKey::of(&self.0)
    }

    /// The name with a number at the end, shortened to stay a nickname: a suggestion if the name is taken.
    #[must_use]
    pub fn numbered(&self, number: u32) -> Self {
        let number = number.to_string();
        let keep = MAX_NICKNAME_CHARACTERS - number.len();
        let stem: String = self.0.graphemes(true).take(keep).collect();
        Self(format!("{}{number}", stem.trim_end()))
    }
}

/// Whether a name is reserved. Signs, spaces, emoji and digits around or between its letters do not count.
fn is_reserved(name: &str) -> bool {
    if name == WS_NICKNAME {
        return true;
    }
    let letters = letters(name);
    let trimmed = letters.trim_matches(char::is_numeric);
    [letters.as_str(), trimmed].into_iter().any(|word| !word.is_empty() && RESERVED.contains(&NicknameKey::of(word)))
}

/// The letters and digits of a name, as one word.
fn letters(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric() || is_combining_mark(*c)).collect()
}

/// Whether a user-perceived character is visible and hides nothing.
fn is_visible(character: &str) -> bool {
    if is_keycap(character) || TAGGED_FLAGS.contains(&character) {
        return true;
    }
    let is_emoji = character.chars().any(|c| c.is_emoji_char() && !c.is_ascii());
    let shows = |c: char| match c {
        ZERO_WIDTH_JOINER | EMOJI_PRESENTATION => is_emoji,
        ' ' => true,
        _ => !is_blank(c),
    };
    !character.starts_with(is_combining_mark)
        && !character.ends_with(ZERO_WIDTH_JOINER)
        && character.chars().count() <= MAX_CODE_POINTS_PER_CHARACTER
        && character.chars().all(shows)
        && has_fitting_marks(character)
}

fn is_keycap(character: &str) -> bool {
    let mut rest = character.chars();
    rest.next().is_some_and(|c| c.is_ascii_digit() || c == '#' || c == '*') && rest.eq([EMOJI_PRESENTATION, KEYCAP])
}

/// Whether a code point is drawn as nothing, as something unknown, or as a frame around the character before it.
fn is_blank(c: char) -> bool {
    let unknown_or_frame = matches!(
        c.general_category(),
        GeneralCategory::EnclosingMark
            | GeneralCategory::Format
            | GeneralCategory::PrivateUse
            | GeneralCategory::Unassigned
    );
    unknown_or_frame || c == char::REPLACEMENT_CHARACTER || blank::is_blank(c)
}

/// Whether the marks on a letter are few, different, and of its script.
fn has_fitting_marks(character: &str) -> bool {
    let common = [Script::Common, Script::Inherited];
    let script = character.chars().map(|c| c.script()).find(|script| !common.contains(script));
    let (mut marks, mut last) = (0, None);
    for c in character.nfd().filter(|c| c.general_category() == GeneralCategory::NonspacingMark) {
        // The variation selector of an emoji does not count as a mark.
        if c == EMOJI_PRESENTATION {
            continue;
        }
        marks += 1;
        let fits = common.contains(&c.script()) || Some(c.script()) == script;
        if marks > MAX_MARKS || last == Some(c) || !fits {
            return false;
        }
        last = Some(c);
    }
    true
}

/// Whether each word has letters of one alphabet only, among those with upper and lower case, which look alike.
fn has_one_alphabet_a_word(name: &str) -> bool {
    let compatible: String = name.nfkc().collect();
    let is_cased = |c: &char| (c.is_lowercase() || c.is_uppercase()) && c.script() != Script::Common;
    compatible.split(|c: char| !c.is_alphabetic() && !is_combining_mark(c)).all(|word| {
        let mut alphabets =
            word.chars().filter(is_cased).map(|c| c.script()).filter(|script| *script != Script::Inherited);
        alphabets.next().is_none_or(|first| alphabets.all(|other| other == first))
    })
}
