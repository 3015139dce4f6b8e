//! Where a text may mention somebody. Whether it does depends on who is in the conversation; the
//! server's rules find that out.

use std::{collections::HashMap, ops::Range};

use unicode_normalization::char::is_combining_mark;
use unicode_script::{Script, UnicodeScript as _};
use unicode_segmentation::UnicodeSegmentation as _;

use super::nickname::MAX_NICKNAME_CHARACTERS;

/// At how many places of a text somebody may be mentioned at most. Those behind are text.
const MAX_PLACES: usize = 64;

/// An `@` that may begin a mention.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MentionPlace {
    /// Where the `@` is.
    pub start: usize,
    /// Where the name may end: first what ends before a space or a sign, then the other ends, both in ascending order.
    pub ends: Vec<usize>,
}

/// The places of a text where somebody may be mentioned: `@` and what may be a nickname, not within a word, such as the
/// address of a mail, and not in code.
pub fn mention_places(text: &str) -> Vec<MentionPlace> {
    if !text.contains('@') {
        return Vec::new();
    }
    let code = code_ranges(text);
    let is_in_code = |place: usize| code.iter().any(|range| range.contains(&place));
    let starts = text.match_indices('@').map(|(start, _)| start);
    let outside = starts.filter(|start| begins_word(text, *start) && !is_in_code(*start));
    let places = outside.map(|start| MentionPlace { start, ends: ends_of_name(text, start + 1) });
    places.filter(|place| !place.ends.is_empty()).take(MAX_PLACES).collect()
}

fn begins_word(text: &str, start: usize) -> bool {
    text[..start].chars().next_back().is_none_or(|before| !is_word_part(before) || is_spaceless(before))
}

/// Where a nickname that begins at `start` may end.
fn ends_of_name(text: &str, start: usize) -> Vec<usize> {
    let rest = &text[start..];
    if rest.starts_with(char::is_whitespace) {
        return Vec::new();
    }
    let (mut clear, mut others) = (Vec::new(), Vec::new());
    for (offset, character) in rest.grapheme_indices(true).take(MAX_NICKNAME_CHARACTERS) {
        if character.starts_with(['@', '\n']) {
            break;
        }
        let end = start + offset + character.len();
        let (Some(last), next) = (character.chars().next_back(), text[end..].chars().next()) else { break };
        if last.is_whitespace() {
            continue;
        }
        match next {
            Some(next) if is_word_part(next) => {
                if is_spaceless(last) || is_spaceless(next) {
                    others.push(end);
                }
            }
            _ => clear.push(end),
        }
    }
    clear.append(&mut others);
    clear
}

fn is_word_part(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || is_combining_mark(c)
}

/// Whether a character is of a script whose words are not separated by spaces, or that adds endings to a name.
fn is_spaceless(c: char) -> bool {
    matches!(
        c.script(),
        Script::Han
            | Script::Hiragana
            | Script::Katakana
            | Script::Bopomofo
            | Script::Hangul
            | Script::Thai
            | Script::Lao
            | Script::Khmer
            | Script::Myanmar
    )
}

/// The parts of a text that are formatted as code: between fences, and between runs of as many backticks in a paragraph.
fn code_ranges(text: &str) -> Vec<Range<usize>> {
    if !text.contains('`') {
        return Vec::new();
    }
    let lines = numbered_lines(text);
    let (mut ranges, mut index) = (Vec::new(), 0);
    // The shortest fence that nothing closes. Nothing behind closes a longer one.
    let mut unclosed = usize::MAX;
    let mut paragraph = 0..0;
    while let Some((start, line)) = lines.get(index) {
        let fence = fence_length(line).filter(|length| *length < unclosed);
        let closing = fence.and_then(|length| {
            let closing = lines[index + 1..].iter().position(|(_, line)| closes_fence(line, length));
            if closing.is_none() {
                unclosed = length;
            }
            closing
        });
        if let Some(closing) = closing {
            add_inline_code(text, &mut ranges, &paragraph);
            index += closing + 1;
            let (last, line) = lines[index];
            ranges.push(*start..last + line.len());
            paragraph = last + line.len()..last + line.len();
        } else if line.trim().is_empty() {
            add_inline_code(text, &mut ranges, &paragraph);
            paragraph = start + line.len()..start + line.len();
        } else {
            paragraph.end = start + line.len();
        }
        index += 1;
    }
    add_inline_code(text, &mut ranges, &paragraph);
    ranges
}

/// The lines of a text, and where each begins.
fn numbered_lines(text: &str) -> Vec<(usize, &str)> {
    let mut start = 0;
    let with_start = |line: &'_ str| {
        let place = start;
        start += line.len();
        place
    };
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let starts: Vec<usize> = lines.iter().copied().map(with_start).collect();
    starts.into_iter().zip(lines).collect()
}

/// How many backticks a line begins with, if it opens a block of code.
fn fence_length(line: &str) -> Option<usize> {
    let line = line.trim_start();
    let rest = line.trim_start_matches('`');
    let length = line.len() - rest.len();
    (length >= 3 && !rest.contains('`')).then_some(length)
}

/// Whether a line closes a block of code that a fence of this length opened.
fn closes_fence(line: &str, length: usize) -> bool {
    let line = line.trim_end();
    let before = line.trim_end_matches('`');
    let closing = line.len() - before.len();
    if before.trim().is_empty() { closing >= length } else { closing == length && !before.contains('`') }
}

/// Adds the code of a paragraph: between runs of as many backticks.
fn add_inline_code(text: &str, ranges: &mut Vec<Range<usize>>, paragraph: &Range<usize>) {
    let runs = backtick_runs(text, paragraph);
    // The runs of each length, the last one first.
    let mut by_length: HashMap<usize, Vec<usize>> = HashMap::new();
    for (index, run) in runs.iter().enumerate().rev() {
        by_length.entry(run.len()).or_default().push(index);
    }
    let mut index = 0;
    while let Some(run) = runs.get(index) {
        let same = by_length.entry(run.len()).or_default();
        while same.last().is_some_and(|other| *other <= index) {
            same.pop();
        }
        match same.last() {
            Some(closing) => {
                ranges.push(run.start..runs[*closing].end);
                index = closing + 1;
            }
            None => index += 1,
        }
    }
}

fn backtick_runs(text: &str, paragraph: &Range<usize>) -> Vec<Range<usize>> {
    let (mut runs, mut place) = (Vec::new(), paragraph.start);
    while let Some(offset) = text[place..paragraph.end].find('`') {
        let start = place + offset;
        place = start + text[start..paragraph.end].bytes().take_while(|byte| *byte == b'`').count();
        runs.push(start..place);
    }
    runs
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What may be a name at each place, the likeliest first.
    fn names(text: &str) -> Vec<Vec<&str>> {
        let name = |place: &MentionPlace, end: &usize| &text[place.start + 1..*end];
        let places = mention_places(text);
        places.iter().map(|place| place.ends.iter().map(|end| name(place, end)).collect()).collect()
    }

    #[test]
    fn a_name_ends_at_the_end_of_a_word_and_in_chinese_anywhere() {
        assert_eq!(names("hi @ann!"), [["ann", "ann!"]]);
        assert_eq!(names("@ann lee"), [["ann", "ann lee"]]);
        assert_eq!(names("你好@阿玲"), [["阿玲", "阿"]]);
        assert_eq!(names("@ann你"), [["ann你", "ann"]]);
        assert_eq!(names("@ann @bob"), [["ann"], ["bob"]]);
    }

    #[test]
    fn addresses_of_mails_and_lone_signs_mention_nobody() {
        for text in ["ann@example.org", "x_@ann", "@", "@ ann", "@@", "1@2"] {
            assert!(names(text).is_empty(), "{text}");
        }
    }

    #[test]
    fn code_mentions_nobody() {
        for text in ["`@ann`", "``a ` @ann``", "```\n@ann\n```", "x\n```rust\n@ann\n@bob\n```", "`a\n@ann`"] {
            assert!(names(text).is_empty(), "{text}");
        }
        for text in ["` @ann", "`a` @ann `b`", "```\n@ann", "`\n\n@ann`", "``@ann`"] {
            assert_eq!(names(text).len(), 1, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics_and_ends_are_between_characters(text in "([@`\n _a阿е́ก]|```|\\PC){0,60}") {
            for MentionPlace { start, ends } in mention_places(&text) {
                prop_assert!(text[start..].starts_with('@'));
                for end in ends {
                    prop_assert!(!text[start + 1..end].is_empty());
                }
            }
        }
    }
}
