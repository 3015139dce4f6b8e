//! Puts marks around a part of a text that is being written, or removes them.

use std::ops::Range;

/// What a mark makes of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    Strong,
    Emphasis,
    Strike,
    Code,
}

/// A change of a text: what to replace by what, and what is selected then. Places are in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TextChange {
    pub(crate) replaced: Range<usize>,
    pub(crate) with: String,
    pub(crate) selection: Range<usize>,
}

impl Mark {
    fn text(self) -> &'static str {
        match self {
            Self::Strong => "**",
            Self::Emphasis => "*",
            Self::Strike => "~~",
            Self::Code => "`",
        }
    }

    /// Whether a run of this many of the mark's characters contains the mark. `***` is strong and emphasized.
    fn is_in_run(self, length: usize) -> bool {
        match self {
            Self::Strong => length == 2 || length == 3,
            Self::Emphasis => length == 1 || length == 3,
            Self::Strike => length == 2,
            Self::Code => length == 1,
        }
    }
}

/// Puts the mark around the selection, or removes it if it is there: inside or outside the selection.
pub(crate) fn toggle(text: &str, selection: Range<usize>, mark: Mark) -> TextChange {
    let selected = &text[selection.clone()];
    if mark == Mark::Code && selected.contains('\n') {
        return code_block(text, selection);
    }
    // A mark must touch what it marks.
    let start = selection.start + selected.len() - selected.trim_start().len();
    let selection = start..start + selected.trim().len();
    let selected = &text[selection.clone()];
    let sign = mark.text();
    let character = sign.chars().next().unwrap_or_default();
    let run_before = |text: &str| text.len() - text.trim_end_matches(character).len();
    let run_after = |text: &str| text.len() - text.trim_start_matches(character).len();
    let is_marked = |before: usize, after: usize| mark.is_in_run(before) && mark.is_in_run(after);
    let (before, after) = (&text[..selection.start], &text[selection.end..]);
    if is_marked(run_after(selected), run_before(selected)) && selected.len() >= 2 * sign.len() {
        let inner = &selected[sign.len()..selected.len() - sign.len()];
        let end = selection.start + inner.len();
        return TextChange { selection: selection.start..end, with: inner.to_owned(), replaced: selection };
    }
    if !selected.is_empty() && is_marked(run_before(before), run_after(after)) {
        let replaced = selection.start - sign.len()..selection.end + sign.len();
        let selection = replaced.start..replaced.start + selected.len();
        return TextChange { replaced, with: selected.to_owned(), selection };
    }
    let inner = selection.start + sign.len()..selection.end + sign.len();
    TextChange { with: format!("{sign}{selected}{sign}"), replaced: selection, selection: inner }
}

/// Puts fences around a part of a text, on lines of their own.
pub(crate) fn code_block(text: &str, selection: Range<usize>) -> TextChange {
    let (before, after) = (&text[..selection.start], &text[selection.end..]);
    let code = text[selection.clone()].trim_end_matches('\n');
    let longest = code.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    let begin = if before.is_empty() || before.ends_with('\n') { "" } else { "\n" };
    let end = if after.is_empty() || after.starts_with('\n') { "" } else { "\n" };
    let with = format!("{begin}{fence}\n{code}\n{fence}{end}");
    let caret = selection.start + with.len();
    TextChange { replaced: selection, with, selection: caret..caret }
}

/// Whether a pasted text looks like code: several lines, many of which are indented or end as lines of code do.
pub(crate) fn looks_like_code(text: &str) -> bool {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    if lines.len() < 2 || text.contains("```") {
        return false;
    }
    let is_indented = |line: &str| line.starts_with("  ") || line.starts_with('\t');
    let ends_as_code = |line: &str| line.trim_end().ends_with(['{', '}', ';', '(', ')', '[', ']', '>', '\\', ':', ',']);
    let has_signs = |line: &str| {
        ["()", "(\"", " = ", "==", "=>", "->", "::", "</", "/>", "$ ", "&&", "+=", "\": "]
            .iter()
            .any(|sign| line.contains(sign))
            || line.trim_end().ends_with(['{', '}', ';'])
    };
    let share = |is: &dyn Fn(&str) -> bool| lines.iter().filter(|line| is(line)).count() * 10 / lines.len();
    share(&|line| is_indented(line) || ends_as_code(line)) >= 4 && share(&has_signs) >= 3
}
