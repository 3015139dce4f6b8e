//! Mentions in a formatted text.
//!
//! A name may contain what elsewhere is a mark, so a mention is not parsed: one control character, which no message contains,
//! stands for it while the text around it is.

use std::ops::Range;

use super::{
    blocks::parse,
    inlines::plain,
    links::{Piece, split_links},
    nodes::{Block, Inline, Link, Table},
};

/// The first of the characters that stand for mentions. Those after it are control characters, too, and no white space.
const FIRST_PLACEHOLDER: char = '\u{86}';

/// How many characters can stand for mentions.
const PLACEHOLDERS: usize = 26;

/// Parses a text in which these parts, in bytes, are mentions.
pub fn parse_with_mentions(text: &str, mentions: &[Range<usize>]) -> Vec<Block> {
    let replaced = ReplacedMentions::new(text, mentions);
    if replaced.kept.is_empty() {
        return parse(text);
    }
    replaced.blocks(parse(&replaced.text))
}

/// The text as typed, but for its addresses and for these parts, in bytes, which are mentions.
pub fn plain_with_mentions(text: &str, mentions: &[Range<usize>]) -> Vec<Inline> {
    let replaced = ReplacedMentions::new(text, mentions);
    replaced.inlines(plain(&replaced.text))
}

/// A text with placeholders in place of its mentions.
struct ReplacedMentions<'a> {
    text: String,
    /// The mentions in the order of their placeholders: which one it is, and its text.
    kept: Vec<(usize, &'a str)>,
}

impl<'a> ReplacedMentions<'a> {
    /// Leaves out what cannot be a mention: parts of addresses, and what does not fit the text.
    fn new(text: &'a str, mentions: &[Range<usize>]) -> Self {
        let addresses = addresses(text);
        let (mut replaced, mut kept, mut end) = (String::with_capacity(text.len()), Vec::new(), 0);
        for (index, range) in mentions.iter().enumerate() {
            let is_in_address = addresses.iter().any(|address| address.start < range.end && range.start < address.end);
            let (Some(before), Some(mention)) = (text.get(end..range.start), text.get(range.clone())) else { continue };
            let Some(placeholder) = placeholder(kept.len()).filter(|_| !is_in_address && !mention.is_empty()) else {
                continue;
            };
            replaced.push_str(before);
            replaced.push(placeholder);
            kept.push((index, mention));
            end = range.end;
        }
        replaced.push_str(text.get(end..).unwrap_or_default());
        Self { text: replaced, kept }
    }

    /// The mention that a character stands for.
    fn at(&self, c: char) -> Option<(usize, &'a str)> {
        let place = u32::from(c).checked_sub(u32::from(FIRST_PLACEHOLDER))?;
        self.kept.get(usize::try_from(place).ok()?).copied()
    }

    /// A text with its mentions as typed.
    fn text(&self, text: &str) -> String {
        let mut restored = String::with_capacity(text.len());
        for c in text.chars() {
            match self.at(c) {
                Some((_, mention)) => restored.push_str(mention),
                None => restored.push(c),
            }
        }
        restored
    }

    fn blocks(&self, blocks: Vec<Block>) -> Vec<Block> {
        let block = |block| match block {
            Block::Text(parts) => Block::Text(self.inlines(parts)),
            Block::Heading(parts) => Block::Heading(self.inlines(parts)),
            Block::Quote(inner) => Block::Quote(self.blocks(inner)),
            Block::List { first, items } => {
                Block::List { first, items: items.into_iter().map(|item| self.blocks(item)).collect() }
            }
            Block::Code { language, text } => {
                Block::Code { language: language.map(|it| self.text(&it)), text: self.text(&text) }
            }
            Block::Table(Table { alignments, header, rows }) => {
                let cells = |cells: Vec<Vec<Inline>>| cells.into_iter().map(|cell| self.inlines(cell)).collect();
                Block::Table(Table { alignments, header: cells(header), rows: rows.into_iter().map(cells).collect() })
            }
        };
        blocks.into_iter().map(block).collect()
    }

    fn inlines(&self, parts: Vec<Inline>) -> Vec<Inline> {
        let mut restored = Vec::with_capacity(parts.len());
        for part in parts {
            restored.push(match part {
                Inline::Text(text) => {
                    self.push_text(&text, &mut restored);
                    continue;
                }
                Inline::Code(code) => Inline::Code(self.text(&code)),
                Inline::Strong(parts) => Inline::Strong(self.inlines(parts)),
                Inline::Emphasis(parts) => Inline::Emphasis(self.inlines(parts)),
                Inline::Strike(parts) => Inline::Strike(self.inlines(parts)),
                Inline::Link(Link { text, target, leads_to }) => Inline::Link(Link {
                    text: self.inlines(text),
                    target: self.text(&target),
                    leads_to: leads_to.map(|place| self.text(&place)),
                }),
                part @ (Inline::Address(_) | Inline::Mention { .. }) => part,
            });
        }
        restored
    }

    /// Adds a text, divided at its mentions.
    fn push_text(&self, text: &str, parts: &mut Vec<Inline>) {
        let mut plain = String::new();
        for c in text.chars() {
            let Some((index, mention)) = self.at(c) else {
                plain.push(c);
                continue;
            };
            if !plain.is_empty() {
                parts.push(Inline::Text(std::mem::take(&mut plain)));
            }
            parts.push(Inline::Mention { index, text: mention.to_owned() });
        }
        if !plain.is_empty() {
            parts.push(Inline::Text(plain));
        }
    }
}

fn placeholder(place: usize) -> Option<char> {
    let place = u32::try_from(place).ok().filter(|_| place < PLACEHOLDERS)?;
    char::from_u32(u32::from(FIRST_PLACEHOLDER) + place)
}

/// Where the addresses of a text are.
fn addresses(text: &str) -> Vec<Range<usize>> {
    if !text.contains("://") {
        return Vec::new();
    }
    let mut start = 0;
    let mut addresses = Vec::new();
    for piece in split_links(text) {
        let (Piece::Text(part) | Piece::Link(part)) = piece;
        if let Piece::Link(_) = piece {
            addresses.push(start..start + part.len());
        }
        start += part.len();
    }
    addresses
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use std::ops::Range;

    use proptest::prelude::*;

    use super::{PLACEHOLDERS, ReplacedMentions, parse_with_mentions, plain_with_mentions};
    use crate::markdown::{
        blocks::parse,
        nodes::{Block, Inline, visible_text},
    };

    /// Where names with a sign before them are in a text.
    fn ranges(text: &str) -> Vec<Range<usize>> {
        let end = |start: usize| {
            let after = &text[start + 1..];
            start + 1 + after.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(after.len())
        };
        text.match_indices('@').map(|(start, _)| start..end(start)).filter(|range| range.len() > 1).collect()
    }

    fn parsed(text: &str) -> Vec<Block> {
        parse_with_mentions(text, &ranges(text))
    }

    fn mention(index: usize, text: &str) -> Inline {
        Inline::Mention { index, text: text.to_owned() }
    }

    fn text(text: &str) -> Inline {
        Inline::Text(text.to_owned())
    }

    #[test]
    fn mentions_stand_among_all_kinds_of_text() {
        assert_eq!(parsed("@阿玲 你好"), [Block::Text(vec![mention(0, "@阿玲"), text(" 你好")])]);
        assert_eq!(
            parsed("**hi @bob** and @al"),
            [Block::Text(vec![
                Inline::Strong(vec![text("hi "), mention(0, "@bob")]),
                text(" and "),
                mention(1, "@al")
            ])]
        );
        assert_eq!(
            parsed("字**@阿玲**字"),
            [Block::Text(vec![text("字"), Inline::Strong(vec![mention(0, "@阿玲")]), text("字")])]
        );
        assert_eq!(parsed("# For @bob"), [Block::Heading(vec![text("For "), mention(0, "@bob")])]);
        assert_eq!(parsed("> @bob"), [Block::Quote(vec![Block::Text(vec![mention(0, "@bob")])])]);
        assert_eq!(
            parsed("- @bob\n- b"),
            [Block::List {
                first: None,
                items: vec![vec![Block::Text(vec![mention(0, "@bob")])], vec![Block::Text(vec![text("b")])]]
            }]
        );
    }

    #[test]
    fn marks_in_a_name_are_part_of_it() {
        assert_eq!(
            parsed("@_x_ and @a_b_c"),
            [Block::Text(vec![mention(0, "@_x_"), text(" and "), mention(1, "@a_b_c")])]
        );
        assert_eq!(parsed("_@a_"), [Block::Text(vec![text("_"), mention(0, "@a_")])]);
    }

    #[test]
    fn code_and_addresses_contain_no_mentions() {
        assert_eq!(parsed("`@bob`"), [Block::Text(vec![Inline::Code("@bob".into())])]);
        assert_eq!(parsed("```\n@bob\n```"), parse("```\n@bob\n```"));
        let address = "see https://example.org/@bob now";
        assert_eq!(parsed(address), parse(address));
        assert_eq!(plain_with_mentions("`@bob`", &ranges("`@bob`")), [text("`"), mention(0, "@bob"), text("`")]);
    }

    #[test]
    #[expect(clippy::single_range_in_vec_init, reason = "these are single ranges")]
    fn ranges_that_do_not_fit_are_passed_over() {
        for wrong in [vec![0..9], vec![1..2], vec![0..0], vec![3..6, 0..3]] {
            let blocks = parse_with_mentions("阿玲", &wrong);
            let [Block::Text(parts)] = &blocks[..] else { panic!("{blocks:?}") };
            assert_eq!(visible_text(parts), "阿玲", "{wrong:?}");
        }
    }

    #[test]
    fn there_are_as_many_placeholders_as_mentions_and_none_of_them_matters_elsewhere() {
        let all: Vec<char> = (0..PLACEHOLDERS).filter_map(super::placeholder).collect();
        assert!(all.len() == PLACEHOLDERS && PLACEHOLDERS >= 20);
        assert!(all.iter().all(|c| c.is_control() && !c.is_whitespace() && !c.is_alphanumeric()));
    }

    proptest! {
        #[test]
        fn the_text_stays_the_same(text in "[@ab_*`\\[\\]()\n>茶 -]{0,40}") {
            let ranges = ranges(&text);
            let replaced = ReplacedMentions::new(&text, &ranges);
            prop_assert_eq!(replaced.text(&replaced.text), text.clone());
            prop_assert_eq!(visible_text(&plain_with_mentions(&text, &ranges)), text);
        }
    }
}
