//! Code between fences of three or more backticks.

use super::{
    nodes::Block,
    place::{Found, TEXT},
};

/// The longest word that counts as the name of a language, in bytes.
const MAX_LANGUAGE_BYTES: usize = 24;

/// Whether a line opens a block of code: it begins with three backticks or more, and has no others.
pub(crate) fn is_fence(line: &str) -> bool {
    let rest = line.trim_start().trim_start_matches('`');
    line.trim_start().len() - rest.len() >= 3 && !rest.contains('`')
}

/// Whether what is typed after `before` is code: there is a fence, or a backtick on its line, that nothing has closed.
pub(crate) fn ends_in_code(before: &str) -> bool {
    let fences = before.split('\n').filter(|line| is_fence(line)).count();
    let line = before.rsplit('\n').next().unwrap_or_default();
    fences % 2 == 1 || line.bytes().filter(|byte| *byte == b'`').count() % 2 == 1
}

/// Finds blocks of code. A fence that nothing closes is text.
#[derive(Default)]
pub(super) struct CodeBlocks {
    /// The length of the shortest fence that nothing closes. Nothing that follows closes a longer one, so that nobody needs
    /// to look again.
    unclosed: Option<usize>,
}

impl CodeBlocks {
    /// The block that the first line opens.
    pub(super) fn find(&mut self, lines: &[&str]) -> Found {
        let opening = lines[0].trim_start();
        let info = opening.trim_start_matches('`');
        let (indent, length) = (lines[0].len() - opening.len(), opening.len() - info.len());
        if self.unclosed.is_some_and(|unclosed| unclosed <= length) {
            return TEXT;
        }
        let mut code: Vec<&str> = Vec::new();
        let language = language(info.trim());
        if language.is_none() && !info.trim().is_empty() {
            // The code begins on the line of the fence.
            code.push(info);
        }
        for (index, line) in lines.iter().enumerate().skip(1) {
            match before_closing_fence(line, length) {
                Some(before) => {
                    if !before.trim().is_empty() {
                        code.push(without_indent(before, indent));
                    }
                    return (Some(Block::Code { language, text: code.join("\n") }), index + 1);
                }
                None => code.push(without_indent(line, indent)),
            }
        }
        self.unclosed = Some(length);
        TEXT
    }
}

/// The name of the language, if the text after the fence is one.
fn language(info: &str) -> Option<String> {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || "+#-._,".contains(c);
    let is_name = !info.is_empty() && info.len() <= MAX_LANGUAGE_BYTES && info.chars().all(is_allowed);
    is_name.then(|| info.to_owned())
}

/// The code before the fence, if the line ends with one that closes a fence of this length.
fn before_closing_fence(line: &str, length: usize) -> Option<&str> {
    let line = line.trim_end();
    let before = line.trim_end_matches('`');
    let closing = line.len() - before.len();
    let closes = if before.trim().is_empty() { closing >= length } else { closing == length && !before.contains('`') };
    closes.then_some(before)
}

/// The line without as much indentation as the fence has.
fn without_indent(line: &str, indent: usize) -> &str {
    let spaces = line.bytes().take(indent).take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    &line[spaces..]
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::ends_in_code;

    #[test]
    fn what_follows_an_open_fence_or_backtick_is_code() {
        for before in ["`a", "see `a ", "```", "```rust\nlet a", "a\n```\n\n", "`a` and `b"] {
            assert!(ends_in_code(before), "{before:?}");
        }
        for before in ["", "a", "`a` ", "`a\nb", "```\na\n```\n", "`a` `b` "] {
            assert!(!ends_in_code(before), "{before:?}");
        }
    }
}
