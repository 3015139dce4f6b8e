//! Completes the names of emoji.

use leptos::prelude::*;

use crate::ui::{
    chat::composer::completion::{
        choices::{Choice, ChoiceLabel, Completion},
        source::{CompletionSource, PendingChoices},
    },
    emoji::emoji_functions,
    i18n::Language,
};

/// How many emoji are offered.
const MAX_CHOICES: usize = 8;
/// The fewest letters of a name in ASCII. With one, `:D` and `:P` would be names. In Chinese, one is a word.
const MIN_ASCII: usize = 2;

pub(super) const EMOJI_NAMES: CompletionSource = CompletionSource { sign: ':', may_complete, delay: 0, find };
/// The sign on Chinese keyboards.
pub(super) const EMOJI_NAMES_AFTER_WIDE_SIGN: CompletionSource = CompletionSource { sign: '：', ..EMOJI_NAMES };

/// Whether this may be a name, and the sign does not belong to something else: `10:30`, `http://`, `:-)`. The sign may stand
/// after the name as well.
fn may_complete(before: Option<char>, typed: &str) -> bool {
    let stands_free = before.is_none_or(|c| !(c.is_alphanumeric() || matches!(c, ':' | '：' | '/')));
    stands_free && is_name(typed.strip_suffix([':', '：']).unwrap_or(typed))
}

fn is_name(name: &str) -> bool {
    let mut characters = name.chars();
    let begins = match characters.next() {
        Some('+' | '-') => characters.next().is_some_and(|c| c.is_ascii_digit()),
        first => first.is_some_and(char::is_alphanumeric),
    };
    let is_long_enough = !name.is_ascii() || name.len() >= MIN_ASCII;
    begins && is_long_enough && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '+' | '-'))
}

fn find(completion: Completion, typed: String) -> PendingChoices {
    let me = completion.store().me.with_untracked(|me| me.as_ref().map(|me| me.id));
    let language = expect_context::<RwSignal<Language>>().get_untracked();
    Box::pin(async move {
        let (Some(functions), Some(me)) = (emoji_functions().await, me) else { return Vec::new() };
        let found = (functions.find)(&typed, MAX_CHOICES, me, language).into_iter();
        found.map(|found| Choice { text: found.emoji, label: ChoiceLabel::Emoji { name: found.name } }).collect()
    })
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use crate::ui::chat::composer::completion::{query::query_at, sources::SOURCES};

    fn name(text: &str) -> Option<&str> {
        query_at(text, text.len(), &SOURCES).map(|query| query.typed)
    }

    #[test]
    fn a_name_begins_with_a_colon_that_stands_free() {
        for (text, typed) in [
            (":tea", "tea"),
            (":tea:", "tea:"),
            ("for :tea", "tea"),
            ("(:tea", "tea"),
            ("好。:茶", "茶"),
            ("：茶", "茶"),
            (":+1", "+1"),
            ("🍵:rocket_s", "rocket_s"),
            ("`code` :tea", "tea"),
            ("```\ncode\n```\n:tea", "tea"),
        ] {
            assert_eq!(name(text), Some(typed), "{text}");
        }
    }

    #[test]
    fn times_addresses_smileys_and_code_are_no_names() {
        for text in [
            "10:30",
            "at 9:05pm",
            "http://tea",
            "mailto:tea",
            ":-)",
            ":)",
            ":D",
            ":3",
            ":",
            "::tea",
            "注意:明天",
            "`:tea",
            "let a = `x :tea",
            "```\n:tea",
            ":tea ",
            ":te.a",
        ] {
            assert_eq!(name(text), None, "{text}");
        }
    }
}
