//! Lists: two or more lines that begin with the same mark, or with consecutive numbers.

use super::place::Place;

/// By how many columns the lines that belong to an item are indented more than its mark.
const MIN_INDENT: usize = 2;

/// The columns of a tab.
const TAB: usize = 4;

/// The mark of an item.
#[derive(Clone, Copy, PartialEq)]
enum ItemMark {
    /// A hyphen, an asterisk or a plus.
    Bullet(u8),
    /// A number, and the character after it.
    Number(u32, u8),
}

/// A line that begins an item.
struct Start<'a> {
    /// The columns before the mark.
    indent: usize,
    mark: ItemMark,
    /// The columns before the text.
    text_indent: usize,
    text: &'a str,
}

/// The number of the first item if the list is ordered, the lines of each item, and the number of lines.
type FoundList<'a> = (Option<u32>, Vec<Vec<&'a str>>, usize);

/// The list that begins at the first line.
pub(super) fn list<'a>(lines: &[&'a str], place: Place) -> Option<FoundList<'a>> {
    let first = start(lines[0])?;
    let (mut items, mut next, mut mark) = (Vec::new(), 0, first.mark);
    while let Some(item) = lines.get(next).and_then(|line| start(line))
        && item.mark == mark
        && item.indent.abs_diff(first.indent) < MIN_INDENT
    {
        let mut item_lines = vec![item.text];
        let (end, after_blanks) = rest_of_item(lines, next + 1, &item, &mut item_lines);
        items.push((item_lines, end));
        // Blank lines between two items belong to the list.
        next = after_blanks;
        mark = mark.next();
    }
    let count = items.last().map_or(0, |(_, end)| *end);
    let items: Vec<Vec<&str>> = items.into_iter().map(|(lines, _)| lines).collect();
    let has_sublist = || items.iter().any(|lines| lines[1..].iter().any(|line| start(line).is_some()));
    let is_list = items.len() > 1 || place.is_in_list || has_sublist();
    let first_number = match first.mark {
        ItemMark::Number(number, _) => Some(number),
        ItemMark::Bullet(_) => None,
    };
    is_list.then_some((first_number, items, count))
}

/// Adds the lines from `next` on that belong to the item: indented ones, and blank lines between them. Returns where the
/// item ends, and where the blank lines after it end.
fn rest_of_item<'a>(lines: &[&'a str], next: usize, item: &Start, item_lines: &mut Vec<&'a str>) -> (usize, usize) {
    let mut end = next;
    for (index, line) in lines.iter().enumerate().skip(next) {
        if line.trim().is_empty() {
            continue;
        }
        if columns(line) < item.indent + MIN_INDENT {
            return (end, index);
        }
        item_lines.extend(lines[end..index].iter().map(|_| ""));
        item_lines.push(without_columns(line, item.text_indent));
        end = index + 1;
    }
    (end, lines.len())
}

impl ItemMark {
    /// The mark of the next item.
    fn next(self) -> Self {
        match self {
            Self::Number(number, after) => Self::Number(number.saturating_add(1), after),
            Self::Bullet(_) => self,
        }
    }
}

fn start(line: &str) -> Option<Start<'_>> {
    let marked = line.trim_start();
    let digits = marked.bytes().take_while(u8::is_ascii_digit).count();
    let (mark, rest) = match (digits, marked.as_bytes().get(digits)?) {
        (0, bullet @ (b'-' | b'*' | b'+')) => (ItemMark::Bullet(*bullet), &marked[1..]),
        // A number of ten digits is not that of an item, and might not be a `u32`.
        (1..=9, after @ (b'.' | b')')) => {
            (ItemMark::Number(marked[..digits].parse().ok()?, *after), &marked[digits + 1..])
        }
        _ => return None,
    };
    let text = rest.trim_start();
    if text.is_empty() || text.len() == rest.len() {
        return None;
    }
    let indent = columns(line);
    let text_indent = indent + marked.len() - text.len();
    Some(Start { indent, mark, text_indent, text })
}

/// The columns of a line's indentation.
fn columns(line: &str) -> usize {
    let spaces = line.chars().take_while(|c| c.is_whitespace());
    spaces.map(|space| if space == '\t' { TAB } else { 1 }).sum()
}

/// The line without this many columns of indentation, or without all of its indentation.
fn without_columns(line: &str, columns: usize) -> &str {
    let (mut removed, mut rest) = (0, line);
    while removed < columns
        && let Some(space) = rest.chars().next().filter(|c| c.is_whitespace())
    {
        removed += if space == '\t' { TAB } else { 1 };
        rest = &rest[space.len_utf8()..];
    }
    rest
}
