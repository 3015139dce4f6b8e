//! Colours for code: divides it into comments, strings, numbers, keywords and names, by a table for each language.
//!
//! It knows words, not grammar, so that a language is a few lines and a mistake of its is a wrong colour.

mod languages;
mod scanner;
#[cfg(all(test, feature = "ssr"))]
mod tests;

pub(crate) use scanner::{Token, highlight};
