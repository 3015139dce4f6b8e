//! Every text that a user reads, in each language.

mod en;
mod in_sentence;
mod language;
pub(crate) mod message_link;
pub(crate) mod room_screens;
pub(crate) mod rooms;
mod texts;
mod translations;
mod zh;

pub use in_sentence::InSentence;
pub(crate) use in_sentence::{SentencePart, sentence_parts};
pub use language::Language;
pub(crate) use language::texts;
pub use texts::Texts;
