//! Texts and emoji for the writers.

use rand::{Rng as _, rngs::StdRng};
use teahouse::domain::{Body, Emoji};

const WORDS: [&str; 12] =
    ["tea", "茶馆", "again", "你好", "house", "多少", "\"quoted\"", "back\\slash", "🍵", "leaf", "朋友", "water"];

const EMOJI: [&str; 6] = ["🍵", "👍", "❤️", "😂", "🎉", "👨‍👩‍👧"];

/// A unique text, mostly short and sometimes long.
pub(crate) fn body(rng: &mut StdRng, number: usize) -> Body {
    let word_count = match rng.random_range(0..100) {
        0..85 => rng.random_range(1..8),
        85..97 => rng.random_range(20..100),
        _ => rng.random_range(250..450),
    };
    let mut text = format!("{number}:");
    for _ in 0..word_count {
        text.push(' ');
        text.push_str(WORDS[rng.random_range(0..WORDS.len())]);
    }
    Body::parse(&text).expect("the words are visible and shorter than the longest message")
}

pub(crate) fn emoji(rng: &mut StdRng) -> Emoji {
    Emoji::parse(EMOJI[rng.random_range(0..EMOJI.len())]).expect("every entry is an emoji")
}
