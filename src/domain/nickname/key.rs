//! Nickname keys: what a nickname looks like, as a text that can be compared.

use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};
use unicode_script::{Script, UnicodeScript as _};
use unicode_security::confusable_detection::skeleton;

/// Stretches Arabic words, and is no letter of them.
const TATWEEL: char = '\u{640}';

/// What must be unique of a nickname: two nicknames that look alike have the same key.
///
/// It is compatibility-normalized, case-folded, and reduced to the skeleton of UTS #39. Case and looks do not agree: a capital
/// Η looks like an H, a small η does not. So a word that looks Latin as typed is taken by its looks. In any other word, each
/// letter is replaced by the ASCII letter that its capital form looks like, or else its small form.
///
/// `i` and `l` count as one letter, because a capital I folds to the first and looks like the second.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NicknameKey(String);

impl NicknameKey {
    pub(super) fn of(name: &str) -> Self {
        let compatible: String =
            name.chars().filter(|c| *c != TATWEEL).map(plain).nfkc().filter(|c| *c != TATWEEL).collect();
        Self(compatible.split(' ').map(word).collect::<Vec<_>>().join(" "))
    }

    /// Wraps a key that was stored.
    #[cfg(feature = "ssr")]
    pub(crate) const fn from_trusted(key: String) -> Self {
        Self(key)
    }

    /// The key as stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn word(word: &str) -> String {
    let latin = word.nfd().all(looks_latin);
    let letters: String = word.nfd().map(|c| if latin { as_typed(c) } else { in_either_case(c) }).collect();
    let settled = fold_and_reduce(&letters);
    let mut key = String::with_capacity(settled.len());
    for c in settled.chars() {
        match c {
            // The dot that a Turkish capital has, on letters that have one anyway.
            '\u{307}' if key.ends_with(['l', 'j']) => {}
            'i' => key.push('l'),
            'v' if key.ends_with('v') => {
                key.pop();
                key.push('w');
            }
            _ => key.push(c),
        }
    }
    key.nfc().collect()
}

fn looks_latin(c: char) -> bool {
    c.script() == Script::Latin || is_combining_mark(c) || !c.is_alphabetic() || ascii_look(c).is_some()
}

/// What a letter looks like as it stands; itself where that is no ASCII.
fn as_typed(c: char) -> String {
    ascii_look(c).unwrap_or_else(|| c.to_string())
}

/// What a letter looks like as a capital or small; itself where neither looks like ASCII.
fn in_either_case(c: char) -> String {
    let mut upper = c.to_uppercase();
    // Of the capital, because a final sigma is a sigma.
    let mut lower = upper.clone().flat_map(char::to_lowercase);
    let mut look = None;
    if c.is_alphabetic() && !is_combining_mark(c) && upper.len() == 1 {
        look = upper.next().and_then(ascii_look).or_else(|| lower.next().and_then(ascii_look));
    }
    look.unwrap_or_else(|| c.to_string())
}

/// The ASCII letters or digits that something else looks like.
fn ascii_look(c: char) -> Option<String> {
    let look: String = skeleton(c.encode_utf8(&mut [0; 4])).map(plain).collect();
    look.chars().all(|c| c.is_ascii_alphanumeric()).then_some(look).filter(|look| !look.is_empty())
}

/// Applies case-folding and skeleton in turns until neither changes anything.
fn fold_and_reduce(text: &str) -> String {
    // Without a limit, a change in Unicode's tables could make this loop for ever.
    const MAX_TURNS: usize = 4;
    let mut settled = text.to_owned();
    for _ in 0..MAX_TURNS {
        let folded: String = fold(&settled).chars().map(plain).collect();
        let next: String = skeleton(&folded).map(plain).nfkd().collect();
        if next == settled {
            break;
        }
        settled = next;
    }
    settled
}

/// Folds case without context, so that a final sigma is a sigma.
fn fold(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect()
}

/// The plain letter of one that is drawn in another size or in a frame, where Unicode's tables do not say so.
fn plain(c: char) -> char {
    /// The first code points of runs of framed letters or digits, and their plain letters.
    const FRAMED: [(char, char); 7] =
        [('\u{1f150}', 'a'), ('\u{1f170}', 'a'), ('\u{1f1e6}', 'a'), ('❶', '1'), ('➀', '1'), ('➊', '1'), ('⓵', '1')];
    for (first, letter) in FRAMED {
        let many = if letter == 'a' { 26 } else { 9 };
        if let Some(place) = u32::from(c).checked_sub(u32::from(first)).filter(|place| *place < many) {
            return char::from_u32(u32::from(letter) + place).unwrap_or(c);
        }
    }
    match c {
        'ᴀ' => 'a',
        'ʙ' | 'ƅ' => 'b',
        'ϲ' | 'Ϲ' => 'c',
        'ᴅ' => 'd',
        'ð' | 'ɖ' => 'đ', // their capitals are one
        'ᴇ' => 'e',
        'ꜰ' | 'ſ' => 'f',
        'ɢ' => 'g',
        'ʜ' => 'h',
        'ᴊ' => 'j',
        'ᴋ' | 'ĸ' => 'k',
        'ʟ' | '︱' => 'l',
        'ᴍ' | 'ʍ' => 'm',
        'ɴ' => 'n',
        'ᴘ' => 'p',
        'ꞯ' => 'q',
        'ʀ' => 'r',
        'ᴛ' => 't',
        'ɜ' | 'ȝ' | 'ʒ' => '3',
        '⓿' => '0',
        _ => c,
    }
}
