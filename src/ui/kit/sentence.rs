//! Sentences with names in them, as HTML.

use leptos::prelude::*;

use crate::ui::{
    i18n::{SentencePart, sentence_parts},
    kit::boxed::{Boxed, Boxing as _},
};

/// A sentence in which `<bdi>` elements isolate the names, in place of control characters that a reader would copy along.
/// Unlike text with control characters, their content doesn't count for the direction of a paragraph with `dir="auto"`.
pub(crate) fn sentence(text: &str) -> Boxed {
    let html = |part: SentencePart| match part {
        SentencePart::Text(text) => text.to_owned().boxed(),
        SentencePart::Name(name) => view! { <bdi>{name.to_owned()}</bdi> }.boxed(),
    };
    sentence_parts(text).into_iter().map(html).collect::<Vec<Boxed>>().boxed_as(text)
}
