//! Where a text may mention somebody: at an `@` with names behind it, and in code nowhere. Whatever parts of a text the server says
//! are mentions, the text is shown with those that fit, and nothing is added.

use std::ops::Range;

use teahouse::{
    domain::{Body, MAX_NICKNAME_CHARACTERS, mention_places},
    markdown::{Block, Inline, parse_with_mentions, plain_with_mentions, visible_text},
};
use unicode_segmentation::UnicodeSegmentation as _;

/// At how many places somebody may be mentioned.
const MAX_PLACES: usize = 64;

pub(crate) fn check(data: &[u8]) {
    let Ok(typed) = std::str::from_utf8(data) else { return };
    // No text has control characters, some of which stand for mentions while it is formatted.
    let Ok(body) = Body::parse(typed) else { return };
    let text = body.as_str();
    let places = mention_places(text);
    assert!(places.len() <= MAX_PLACES);
    let mut longest = Vec::new();
    for place in &places {
        assert!(text[place.start..].starts_with('@'));
        assert!(!place.ends.is_empty());
        for end in &place.ends {
            let name = &text[place.start + 1..*end];
            assert!(!name.is_empty() && !name.contains(['@', '\n']), "{name:?}");
            assert!(name.graphemes(true).count() <= MAX_NICKNAME_CHARACTERS, "{name:?}");
        }
        longest.extend(place.ends.iter().max().map(|end| place.start..*end));
    }
    if !text.contains(['`', '\n']) {
        assert!(mention_places(&format!("`{text}`")).is_empty(), "nobody is mentioned in code");
    }
    show(text, &longest);
    // Parts that may be no text at all.
    let parts = data.chunks_exact(2).take(MAX_PLACES);
    show(text, &parts.map(|part| usize::from(part[0])..usize::from(part[1])).collect::<Vec<_>>());
}

/// Formats a text whose `mentions` are these parts.
fn show(text: &str, mentions: &[Range<usize>]) {
    let formatted = [Block::Text(plain_with_mentions(text, mentions))];
    for blocks in [&formatted[..], &parse_with_mentions(text, mentions)] {
        let mut shown = String::new();
        show_blocks(blocks, &mut shown, &mut |index, name| {
            assert_eq!(mentions.get(index).and_then(|part| text.get(part.clone())), Some(name));
        });
        let mut typed = text.chars();
        assert!(shown.chars().all(|c| typed.any(|other| other == c)), "{shown:?} is not a part of what was typed");
    }
}

fn show_blocks(blocks: &[Block], shown: &mut String, check: &mut impl FnMut(usize, &str)) {
    for block in blocks {
        match block {
            Block::Text(parts) | Block::Heading(parts) => show_inlines(parts, shown, check),
            Block::Quote(inner) => show_blocks(inner, shown, check),
            Block::List { items, .. } => items.iter().for_each(|item| show_blocks(item, shown, check)),
            Block::Code { text, .. } => shown.push_str(text),
            Block::Table(table) => {
                let rows = [&table.header].into_iter().chain(&table.rows);
                rows.flatten().for_each(|cell| show_inlines(cell, shown, check));
            }
        }
    }
}

fn show_inlines(parts: &[Inline], shown: &mut String, check: &mut impl FnMut(usize, &str)) {
    shown.push_str(&visible_text(parts));
    check_mentions(parts, check);
}

fn check_mentions(parts: &[Inline], check: &mut impl FnMut(usize, &str)) {
    for part in parts {
        match part {
            Inline::Strong(parts) | Inline::Emphasis(parts) | Inline::Strike(parts) => check_mentions(parts, check),
            Inline::Link(link) => check_mentions(&link.text, check),
            Inline::Mention { index, text } => check(*index, text),
            Inline::Text(_) | Inline::Code(_) | Inline::Address(_) => {}
        }
    }
}
