//! What holds for every text.

use proptest::prelude::*;

use crate::{
    domain::trimmed,
    markdown::{
        blocks::parse,
        nodes::{Block, Inline, visible_text},
        signs::may_be_formatted,
    },
};

/// Texts of marks, words in several scripts, and line breaks.
const MARKUP: &str = "(\\*{1,4}|_{1,3}|~{1,3}|`{1,4}|[\\[\\]()!\\\\|>#+:.-]|- |[0-9]\\. |> |\n| |a|bc|茶|好，|“|”|é|ش|🍵|https://a.example/|mailto:a@b.example){0,40}";

/// All texts that a reader sees, without the language of code.
fn shown(blocks: &[Block], text: &mut String) {
    for block in blocks {
        match block {
            Block::Text(parts) | Block::Heading(parts) => text.push_str(&visible_text(parts)),
            Block::Quote(blocks) => shown(blocks, text),
            Block::List { items, .. } => items.iter().for_each(|item| shown(item, text)),
            Block::Code { text: code, .. } => text.push_str(code),
            Block::Table(table) => {
                let rows = [&table.header].into_iter().chain(&table.rows);
                rows.flatten().for_each(|cell| text.push_str(&visible_text(cell)));
            }
        }
    }
}

fn shown_text(body: &str) -> String {
    let mut text = String::new();
    shown(&parse(body), &mut text);
    text
}

fn depth(blocks: &[Block]) -> usize {
    let inside = |block: &Block| match block {
        Block::Quote(blocks) => depth(blocks),
        Block::List { items, .. } => items.iter().map(|item| depth(item)).max().unwrap_or(0),
        Block::Text(parts) => inline_depth(parts),
        _ => 0,
    };
    1 + blocks.iter().map(inside).max().unwrap_or(0)
}

fn inline_depth(parts: &[Inline]) -> usize {
    let inside = |part: &Inline| match part {
        Inline::Strong(parts) | Inline::Emphasis(parts) | Inline::Strike(parts) => inline_depth(parts),
        Inline::Link(link) => inline_depth(&link.text),
        _ => 0,
    };
    1 + parts.iter().map(inside).max().unwrap_or(0)
}

/// Whether `part` is what is left of `whole` when characters are removed.
fn is_rest_of(part: &str, whole: &str) -> bool {
    let mut whole = whole.chars();
    part.chars().all(|c| whole.any(|other| other == c))
}

fn without_marks(text: &str) -> String {
    text.chars().filter(|c| !c.is_ascii_punctuation() && !c.is_ascii_digit() && !c.is_whitespace()).collect()
}

proptest! {
    #[test]
    fn a_reader_sees_what_was_typed_but_for_the_marks(text in MARKUP) {
        let shown = shown_text(&text);
        prop_assert!(is_rest_of(&shown, &text), "{shown:?}");
        // The target of a link and the name of a language are not shown in this place.
        if !text.contains("](") && !text.contains("```") {
            prop_assert_eq!(without_marks(&shown), without_marks(&text));
        }
    }

    #[test]
    fn any_text_is_formatted_without_a_panic(text in "\\PC{0,60}") {
        prop_assert!(is_rest_of(&shown_text(&text), &text));
    }

    #[test]
    fn nesting_is_bounded(text in "(> |- |\\*|_|\\*\\*|~~|a|茶){0,200}") {
        prop_assert!(depth(&parse(&text)) < 100);
    }

    #[test]
    fn text_that_cannot_be_formatted_is_unchanged(text in "([a-z]{1,5}|[,;.?!()]|\\n| |\\t|茶，|，“好”|5|:-\\)|é){1,30}") {
        let text = trimmed(&text);
        if !may_be_formatted(text) && !text.is_empty() {
            prop_assert_eq!(parse(text), [Block::Text(vec![Inline::Text(text.to_owned())])]);
        }
    }

    #[test]
    fn whatever_may_not_be_formatted_is_plain(text in MARKUP) {
        let text = trimmed(&text);
        if !may_be_formatted(text) && !text.is_empty() {
            prop_assert_eq!(parse(text), [Block::Text(vec![Inline::Text(text.to_owned())])]);
        }
    }

    #[test]
    fn emphasis_works_beside_any_letter(word in "\\p{L}{1,4}", before in "[\\p{Lo}，。：“]{0,2}", after in "[\\p{Lo}，。：”]{0,2}") {
        let is_other = |text: &str| text.chars().all(|c| c >= '\u{590}');
        prop_assume!(is_other(&before) && is_other(&after));
        let text = format!("{before}**{word}**{after}");
        let strong = Inline::Strong(vec![Inline::Text(word)]);
        let parts = [Inline::Text(before), strong, Inline::Text(after)];
        let parts = parts.into_iter().filter(|part| *part != Inline::Text(String::new())).collect();
        prop_assert_eq!(parse(&text), [Block::Text(parts)]);
    }
}
