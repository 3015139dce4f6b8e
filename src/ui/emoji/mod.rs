//! Emoji by their names: the picker, and the emoji that a name in the composer finds.
//!
//! Everything is in the chunk `emoji`, to which `chunk` leads.

mod catalog;
mod cells;
mod chunk;
mod grid;
mod keys;
mod picker;
mod remembered;
mod search;
mod tabs;
mod tone;
mod tones_view;

pub(crate) use chunk::{LazyEmoji, emoji_functions};
pub(crate) use picker::PickerUse;
