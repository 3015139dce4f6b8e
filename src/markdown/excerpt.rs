//! The beginning of a text in one line, as a quote or a link shows it.

use crate::markdown::{
    blocks::parse,
    nodes::{Block, visible_text},
    signs::may_be_formatted,
};

/// The beginning of what a reader sees of a text: in one line, without marks, and at most this many characters and a mark that
/// it goes on. What the text quotes is left out, unless there is nothing else.
pub(crate) fn excerpt(text: &str, max_characters: usize) -> String {
    let mut words = String::new();
    if may_be_formatted(text) {
        let blocks = parse(text);
        push_words(&blocks, false, &mut words);
        if words.trim().is_empty() {
            push_words(&blocks, true, &mut words);
        }
    } else {
        words.push_str(text);
    }
    let line = words.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(max_characters) {
        Some((end, _)) => format!("{}…", line[..end].trim_end()),
        None => line,
    }
}

fn push_words(blocks: &[Block], with_quotes: bool, words: &mut String) {
    for block in blocks {
        match block {
            Block::Text(parts) | Block::Heading(parts) => words.push_str(&visible_text(parts)),
            Block::Quote(blocks) if with_quotes => push_words(blocks, with_quotes, words),
            Block::Quote(_) => {}
            Block::List { items, .. } => items.iter().for_each(|item| push_words(item, with_quotes, words)),
            Block::Code { text, .. } => words.push_str(text),
            Block::Table(table) => {
                for cell in [&table.header].into_iter().chain(&table.rows).flatten() {
                    words.push_str(&visible_text(cell));
                    words.push(' ');
                }
            }
        }
        words.push(' ');
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::excerpt;

    #[test]
    fn an_excerpt_is_what_a_reader_sees_in_one_line() {
        for (text, shown) in [
            ("Tea at four", "Tea at four"),
            ("  Tea\n\nat   four ", "Tea at four"),
            ("**Tea** at `four`", "Tea at four"),
            ("Look:\n```rust\nfn main() {}\n```", "Look: fn main() {}"),
            ("> Tea at three\n\nNo, at four", "No, at four"),
            ("> Tea at three", "Tea at three"),
            ("| a | b |\n|---|---|\n| c | d |", "a b c d"),
            ("- green\n- black", "green black"),
            ("2*3*4 = 24", "2*3*4 = 24"),
            ("**周六**下午三点喝茶", "周六下午三点喝茶"),
        ] {
            assert_eq!(excerpt(text, 40), shown, "{text:?}");
        }
    }

    #[test]
    fn a_long_excerpt_is_cut_off() {
        assert_eq!(excerpt("one two three", 8), "one two…");
        assert_eq!(excerpt("一二三四", 3), "一二三…");
        assert_eq!(excerpt("一二三", 3), "一二三");
    }
}
