//! The formatting of a text loses none of its words, adds nothing, and is not nested without bound.

use teahouse::markdown::{Block, Inline, may_be_formatted, parse, visible_text};

/// More than quotes, lists and emphasis together can be nested.
const MAX_DEPTH: usize = 200;

pub(crate) fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let blocks = parse(text);
    let mut shown = String::new();
    show(&blocks, &mut shown, 0);
    let mut typed = text.chars();
    assert!(shown.chars().all(|c| typed.any(|other| other == c)), "{shown:?} is not a part of what was typed");
    if !may_be_formatted(text) {
        let is_plain = |block: &Block| matches!(block, Block::Text(parts) if matches!(&parts[..], [Inline::Text(_)]));
        assert!(blocks.len() <= 1 && blocks.iter().all(is_plain), "{blocks:?}");
    }
}

fn show(blocks: &[Block], shown: &mut String, depth: usize) {
    assert!(depth < MAX_DEPTH);
    for block in blocks {
        match block {
            Block::Text(parts) | Block::Heading(parts) => show_inlines(parts, shown, depth),
            Block::Quote(inner) => show(inner, shown, depth + 1),
            Block::List { items, .. } => items.iter().for_each(|item| show(item, shown, depth + 1)),
            Block::Code { text, .. } => shown.push_str(text),
            Block::Table(table) => {
                let rows = [&table.header].into_iter().chain(&table.rows);
                rows.flatten().for_each(|cell| show_inlines(cell, shown, depth));
            }
        }
    }
}

fn show_inlines(parts: &[Inline], shown: &mut String, depth: usize) {
    shown.push_str(&visible_text(parts));
    check_depth(parts, depth);
}

fn check_depth(parts: &[Inline], depth: usize) {
    assert!(depth < MAX_DEPTH);
    for part in parts {
        match part {
            Inline::Strong(parts) | Inline::Emphasis(parts) | Inline::Strike(parts) => check_depth(parts, depth + 1),
            Inline::Link(link) => {
                let schemes = ["http://", "https://", "mailto:"];
                let target = link.target.to_ascii_lowercase();
                assert!(schemes.iter().any(|scheme| target.starts_with(scheme)), "{target}");
                check_depth(&link.text, depth + 1);
            }
            Inline::Text(_) | Inline::Code(_) | Inline::Address(_) | Inline::Mention { .. } => {}
        }
    }
}
