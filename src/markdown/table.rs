//! Tables: a header, a line of hyphens, and rows, with vertical bars between the cells.

use std::mem;

use super::{
    blocks::Found,
    inlines::inlines,
    nodes::{Alignment, Block, Inline, Table},
};

/// The table that begins at the first line.
pub(super) fn table(lines: &[&str]) -> Found {
    let no_table = (None, 1);
    let (Some(header), Some(rule)) = (lines[0].contains('|').then(|| cells(lines[0])), lines.get(1)) else {
        return no_table;
    };
    let Some(alignments) = alignments(rule).filter(|alignments| alignments.len() == header.len()) else {
        return no_table;
    };
    let rows: Vec<_> =
        lines[2..].iter().take_while(|line| line.contains('|')).map(|line| parsed(cells(line))).collect();
    let count = 2 + rows.len();
    (Some(Block::Table(Table { alignments, header: parsed(header), rows })), count)
}

fn parsed(cells: Vec<String>) -> Vec<Vec<Inline>> {
    cells.iter().map(|cell| inlines(cell)).collect()
}

/// The alignments that the line between header and rows gives. `None` if this is no such line.
fn alignments(line: &str) -> Option<Vec<Alignment>> {
    if !line.contains('|') || !line.contains('-') {
        return None;
    }
    let alignment = |cell: &String| {
        let hyphens = cell.trim_start_matches(':').trim_end_matches(':');
        let (before, after) = (cell.starts_with(':'), cell.len() > 1 && cell.ends_with(':'));
        let is_rule = !hyphens.is_empty()
            && hyphens.bytes().all(|byte| byte == b'-')
            && cell.len() == hyphens.len() + usize::from(before) + usize::from(after);
        is_rule.then_some(match (before, after) {
            (true, true) => Alignment::Centre,
            (false, true) => Alignment::End,
            _ => Alignment::Start,
        })
    };
    cells(line).iter().map(alignment).collect()
}

/// The cells of a row. A bar after a backslash belongs to its cell.
fn cells(line: &str) -> Vec<String> {
    let line = line.trim();
    let line = line.strip_prefix('|').unwrap_or(line);
    let (mut cells, mut cell, mut is_escaped) = (Vec::new(), String::new(), false);
    for c in line.chars() {
        match c {
            '|' if is_escaped => {
                cell.pop();
                cell.push('|');
            }
            '|' => cells.push(mem::take(&mut cell)),
            c => cell.push(c),
        }
        is_escaped = c == '\\' && !is_escaped;
    }
    // A bar at the end of the line closes the last cell.
    if cells.is_empty() || !cell.trim().is_empty() {
        cells.push(cell);
    }
    cells.iter().map(|cell| cell.trim().to_owned()).collect()
}
