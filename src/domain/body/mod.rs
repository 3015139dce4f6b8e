//! The text of a message: [`Body`], its limits, and the rules that a new text has to keep.

#[cfg(feature = "ssr")]
mod rules;
mod text;

pub use text::{
    Body, BodyError, MAX_BODY_BYTES, MAX_BODY_CHARACTERS, MAX_BODY_CODE_POINTS, MAX_CHARACTER_CODE_POINTS,
    MAX_CHARACTER_MARKS, is_longer_than_any, trimmed,
};
