//! Marks that the composer adds and removes.

use proptest::prelude::*;

use crate::markdown::marking::{Mark, TextChange, code_block, looks_like_code, toggle};

/// Splits a text at `‹` and `›`, which stand around its selection.
fn parsed(marked: &str) -> (String, std::ops::Range<usize>) {
    let (before, rest) = marked.split_once('‹').expect("a start");
    let (selected, after) = rest.split_once('›').expect("an end");
    (format!("{before}{selected}{after}"), before.len()..before.len() + selected.len())
}

fn applied(text: &str, change: &TextChange) -> String {
    let mut text = text.to_owned();
    text.replace_range(change.replaced.clone(), &change.with);
    let (start, end) = (change.selection.start, change.selection.end);
    format!("{}‹{}›{}", &text[..start], &text[start..end], &text[end..])
}

fn toggled(marked: &str, mark: Mark) -> String {
    let (text, selection) = parsed(marked);
    applied(&text, &toggle(&text, selection, mark))
}

#[test]
fn a_mark_is_added_and_removed() {
    for (mark, plain, marked) in [
        (Mark::Strong, "a ‹b› c", "a **‹b›** c"),
        (Mark::Emphasis, "a ‹b› c", "a *‹b›* c"),
        (Mark::Strike, "‹茶›", "~~‹茶›~~"),
        (Mark::Code, "‹b›", "`‹b›`"),
        (Mark::Emphasis, "**‹b›**", "***‹b›***"),
        (Mark::Strong, "*‹b›*", "***‹b›***"),
    ] {
        assert_eq!(toggled(plain, mark), marked);
        assert_eq!(toggled(marked, mark), plain);
    }
    assert_eq!(toggled("a ‹**b**› c", Mark::Strong), "a ‹b› c");
    assert_eq!(toggled("a‹›", Mark::Strong), "a**‹›**");
    assert_eq!(toggled("a‹ b ›c", Mark::Strong), "a **‹b›** c");
    assert_eq!(toggled("a ‹**b**› c", Mark::Emphasis), "a *‹**b**›* c");
}

#[test]
fn several_lines_become_a_block_of_code() {
    assert_eq!(toggled("see ‹a\nb›", Mark::Code), "see \n```\na\nb\n```‹›");
    assert_eq!(toggled("‹a\n```\n›c", Mark::Code), "````\na\n```\n````\n‹›c");
    let change = code_block("x", 0..1);
    assert_eq!(applied("x", &change), "```\nx\n```‹›");
}

#[test]
fn code_is_told_from_prose() {
    for code in [
        "fn main() {\n    println!(\"x\");\n}",
        "def f(x):\n    return x == 1",
        "SELECT a\n  FROM b\n WHERE a = 1;",
        "{\n  \"a\": 1,\n  \"b\": 2\n}",
        "<ul>\n  <li>a</li>\n</ul>",
        "if (a) {\n\tb();\n}",
    ] {
        assert!(looks_like_code(code), "{code}");
    }
    for prose in [
        "one line { }",
        "Dear all,\nthank you for coming.\nSee you soon",
        "- tea\n- milk\n- cake",
        "你好：\n明天见。\n谢谢",
        "Roses are red,\nviolets are blue,\nsugar is sweet,\nand so are you.",
        "  a poem\n  with an indent\n  and no signs",
        "```\nfn main() {\n}\n```",
        "",
    ] {
        assert!(!looks_like_code(prose), "{prose}");
    }
}

proptest! {
    #[test]
    fn a_second_toggle_undoes_the_first(before in "[a ]{0,3}", selected in "[ab茶]{1,4}", after in "[a ]{0,3}") {
        for mark in [Mark::Strong, Mark::Emphasis, Mark::Strike, Mark::Code] {
            let marked = format!("{before}‹{selected}›{after}");
            prop_assert_eq!(toggled(&toggled(&marked, mark), mark), marked);
        }
    }

    #[test]
    fn any_selection_can_be_marked(text in "[a茶*~` \n]{0,12}", start in 0_usize..13, end in 0_usize..13) {
        let places: Vec<usize> = text.char_indices().map(|(place, _)| place).chain([text.len()]).collect();
        let (start, end) = (places[start.min(places.len() - 1)], places[end.min(places.len() - 1)]);
        for mark in [Mark::Strong, Mark::Emphasis, Mark::Strike, Mark::Code] {
            let change = toggle(&text, start.min(end)..start.max(end), mark);
            prop_assert!(applied(&text, &change).contains('‹'));
        }
    }
}
