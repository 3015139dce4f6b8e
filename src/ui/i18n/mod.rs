//! Every text that a user reads, in each language: a file for each feature of the page.

pub(crate) mod changes;
pub(crate) mod completion;
mod composer;
mod connection;
mod conversation;
pub(crate) mod conversation_menu;
pub(crate) mod emoji_picker;
mod errors;
mod in_sentence;
mod language;
pub(crate) mod markdown;
pub(crate) mod message_menu;
mod preferences;
mod recipient;
pub(crate) mod room_screens;
mod rooms;
pub(crate) mod settings;
mod sidebar;
mod sign_in;
#[cfg(all(test, feature = "ssr"))]
mod tests;
mod texts;
pub(crate) mod threads;
mod timeline;
mod translations;
mod users;

pub use in_sentence::InSentence;
pub(crate) use in_sentence::{SentencePart, sentence_parts};
pub use language::Language;
pub use texts::Texts;
pub(crate) use texts::texts;
