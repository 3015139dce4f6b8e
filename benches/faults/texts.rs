//! Texts and emoji for the writers.

use rand::{Rng as _, rngs::StdRng};
use teahouse::domain::{Body, Emoji};

const WORDS: [&str; 12] =
    ["tea", "茶馆", "again", "你好", "house", "多少", "\"quoted\"", "back\\slash", "🍵", "leaf", "朋友", "water"];

const EMOJI: [&str; 6] = ["🍵", "👍", "❤️", "😂", "🎉", "👨‍👩‍👧"];

/// Names of writers, of those who change rooms, of nobody, and what stands for everyone. The visitor is in the private room now
/// and then. So few that an edit often names somebody whom the message named before.
const NAMES: [&str; 10] =
    ["writer 0", "Writer 1", "writer 2", "WRITER 3", "keeper", "visitor", "nobody", "room", "Everyone", "所有人"];

/// Of 100 texts, how many have names in them.
const NAMING_SHARE: u32 = 40;

/// The most names in a text.
const MAX_NAMES: usize = 4;

/// A unique text, mostly short and sometimes long.
pub(crate) fn body(rng: &mut StdRng, number: usize) -> Body {
    let word_count = match rng.random_range(0..100) {
        0..85 => rng.random_range(1..8),
        85..97 => rng.random_range(20..100),
        _ => rng.random_range(250..450),
    };
    let mut words = vec![format!("{number}:")];
    words.extend((0..word_count).map(|_| WORDS[rng.random_range(0..WORDS.len())].to_owned()));
    if rng.random_range(0..100) < NAMING_SHARE {
        for _ in 0..rng.random_range(1..=MAX_NAMES) {
            let name = name(rng);
            words.insert(rng.random_range(1..=words.len()), name);
        }
    }
    Body::parse(&words.join(" ")).expect("the words are visible and shorter than the longest message")
}

/// Mostly a mention; sometimes code or the address of a mail, which mention nobody.
fn name(rng: &mut StdRng) -> String {
    let name = NAMES[rng.random_range(0..NAMES.len())];
    match rng.random_range(0..10) {
        0 => format!("`@{name}`"),
        1 => format!("tea@{name}"),
        2 => format!("茶@{name}"),
        _ => format!("@{name}"),
    }
}

pub(crate) fn emoji(rng: &mut StdRng) -> Emoji {
    Emoji::parse(EMOJI[rng.random_range(0..EMOJI.len())]).expect("every entry is an emoji")
}
