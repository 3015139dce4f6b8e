//! Finds what is being typed at the caret and may be completed.

use crate::{markdown::ends_in_code, ui::chat::composer::completion::source::CompletionSource};

/// The longest text after a sign that is completed, in characters.
const MAX_TYPED_CHARACTERS: usize = 32;

/// What is being typed at the caret.
pub(super) struct Query<'a> {
    /// What the sign completes.
    pub(super) source: &'a CompletionSource,
    /// Where the sign is in the text, in bytes.
    pub(super) start: usize,
    /// What was typed after the sign.
    pub(super) typed: &'a str,
}

/// The sign before the caret, if it completes what stands between them.
pub(super) fn query_at<'a>(text: &'a str, caret: usize, sources: &'a [CompletionSource]) -> Option<Query<'a>> {
    let before_caret = text.get(..caret)?;
    let line = before_caret.rsplit('\n').next()?;
    for (place, sign) in line.char_indices().rev().take(MAX_TYPED_CHARACTERS + 1) {
        let Some(source) = sources.iter().find(|source| source.sign == sign) else { continue };
        let typed = &line[place + sign.len_utf8()..];
        let start = caret - line.len() + place;
        let before = line[..place].chars().next_back();
        if (source.may_complete)(before, typed) && !ends_in_code(&before_caret[..start]) {
            return Some(Query { source, start, typed });
        }
    }
    None
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::query_at;
    use crate::ui::chat::composer::completion::sources::SOURCES;

    fn typed_at_end(text: &str) -> Option<(usize, &str)> {
        query_at(text, text.len(), &SOURCES).map(|query| (query.start, query.typed))
    }

    #[test]
    fn a_name_is_completed_after_its_sign() {
        for (text, found) in [
            ("@", (0, "")),
            ("@al", (0, "al")),
            ("hi @al", (3, "al")),
            ("谢谢@阿", (6, "阿")),
            ("(@al", (1, "al")),
            ("@bob and @al", (9, "al")),
            ("line\n@al", (5, "al")),
            ("@mary j", (0, "mary j")),
        ] {
            assert_eq!(typed_at_end(text), Some(found), "{text:?}");
        }
    }

    #[test]
    fn addresses_code_and_distant_signs_are_left_alone() {
        let distant = format!("@{}", "a".repeat(33));
        for text in ["", "al", "me@example.org", "`@al", "```\n@al", "@ al", "@al\n", "@one two three four", &distant] {
            assert_eq!(typed_at_end(text), None, "{text:?}");
        }
    }

    #[test]
    fn only_what_stands_before_the_caret_counts() {
        let query = query_at("@alice", 3, &SOURCES).map(|query| query.typed);
        assert_eq!(query, Some("al"));
        assert!(query_at("阿", 1, &SOURCES).is_none(), "not the place of a character");
    }
}
