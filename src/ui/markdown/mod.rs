//! The formatting of messages, and of the text in the composer.

mod blocks;
mod code_block;
mod editing;
mod editing_functions;
mod fold;
mod formatting;
mod highlighter;
mod inlines;

pub(crate) use editing::{Editing, mark_of_key};
pub(crate) use formatting::{Formatting, FormattingState};
