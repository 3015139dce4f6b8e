//! Divides a text into blocks, line by line.
//!
//! The rules are those of people who chat, not of CommonMark: a line break is a line break, blank lines stay, only the lines
//! that have the mark of a quote or of a list belong to it, indentation is no code, and `---` is nothing but three hyphens.

use super::{
    code_block::{CodeBlocks, is_fence},
    inlines::inlines,
    list::list,
    nodes::{Block, Inline},
    table::table,
};

/// How deep quotes and lists may contain each other. Deeper marks are text.
const MAX_DEPTH: usize = 8;

/// What was found at the first of some lines: a block, or text if it is `None`; and the number of its lines.
pub(super) type Found = (Option<Block>, usize);

/// The first of some lines is text.
const TEXT: Found = (None, 1);

/// Where lines are.
#[derive(Clone, Copy)]
pub(super) struct Place {
    depth: usize,
    /// Whether they belong to an item of a list, so that another mark is surely that of a list.
    pub(super) is_in_list: bool,
}

impl Place {
    fn inside(self, is_in_list: bool) -> Self {
        Self { depth: self.depth + 1, is_in_list }
    }
}

/// Parses a text. The time it takes is linear in the length of the text.
pub fn parse(text: &str) -> Vec<Block> {
    let lines: Vec<&str> = text.split('\n').collect();
    blocks(&lines, Place { depth: 0, is_in_list: false })
}

fn blocks(lines: &[&str], place: Place) -> Vec<Block> {
    let mut blocks = Vec::new();
    let (mut start, mut text_start) = (0, 0);
    let mut code_blocks = CodeBlocks::default();
    while start < lines.len() {
        let (block, count) = find(&lines[start..], place, &mut code_blocks);
        if let Some(block) = block {
            blocks.extend(text(&lines[text_start..start]));
            blocks.push(block);
            text_start = start + count;
        }
        start += count;
    }
    blocks.extend(text(&lines[text_start..]));
    blocks
}

/// What is at the first line.
fn find(lines: &[&str], place: Place, code_blocks: &mut CodeBlocks) -> Found {
    let Some(mark) = lines[0].trim_start().bytes().next() else { return TEXT };
    let may_contain = place.depth < MAX_DEPTH;
    match mark {
        b'`' if is_fence(lines[0]) => code_blocks.find(lines),
        b'#' => heading(lines[0]),
        b'>' if may_contain => quote(lines, place),
        b'-' | b'*' | b'+' | b'0'..=b'9' if may_contain => match list(lines, place) {
            Some((first, items, count)) => {
                let items = items.iter().map(|lines| blocks(lines, place.inside(true))).collect();
                (Some(Block::List { first, items }), count)
            }
            None => table(lines),
        },
        _ => table(lines),
    }
}

/// A line that begins with one to six `#` and a space.
fn heading(line: &str) -> Found {
    let marked = line.trim_start();
    let title = marked.trim_start_matches('#');
    let is_heading = marked.len() - title.len() <= 6 && title.starts_with(' ') && !title.trim().is_empty();
    if is_heading { (Some(Block::Heading(inlines(title.trim()))), 1) } else { TEXT }
}

/// Lines that begin with `>` and a space.
fn quote(lines: &[&str], place: Place) -> Found {
    let quoted_lines: Vec<&str> = lines.iter().map_while(|line| quoted(line)).collect();
    if quoted_lines.iter().all(|line| line.trim().is_empty()) {
        return (None, quoted_lines.len().max(1));
    }
    (Some(Block::Quote(blocks(&quoted_lines, place.inside(false)))), quoted_lines.len())
}

/// The line of a quote without its mark.
fn quoted(line: &str) -> Option<&str> {
    let rest = line.trim_start().strip_prefix('>')?;
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix([' ', '\t']) }
}

/// The lines between two blocks, without blank lines at both ends.
fn text(lines: &[&str]) -> Option<Block> {
    let is_blank = |line: &&str| line.trim().is_empty();
    let first = lines.iter().position(|line| !is_blank(line))?;
    let end = lines.iter().rposition(|line| !is_blank(line))? + 1;
    let mut parts: Vec<Inline> = Vec::new();
    // Nothing is emphasized across a blank line.
    for group in lines[first..end].chunk_by(|line, next| is_blank(line) == is_blank(next)) {
        let text = group.join("\n");
        if !parts.is_empty() {
            parts.push(Inline::Text("\n".to_owned()));
        }
        if is_blank(&group[0]) { parts.push(Inline::Text(text)) } else { parts.extend(inlines(&text)) }
    }
    Some(Block::Text(joined(parts)))
}

/// Joins neighbouring texts.
fn joined(parts: Vec<Inline>) -> Vec<Inline> {
    let mut joined: Vec<Inline> = Vec::with_capacity(parts.len());
    for part in parts {
        match (joined.last_mut(), part) {
            (Some(Inline::Text(before)), Inline::Text(text)) => before.push_str(&text),
            (_, part) => joined.push(part),
        }
    }
    joined
}
