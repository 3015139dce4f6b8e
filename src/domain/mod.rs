//! The vocabulary as types: pure rules, no I/O, shared by server and browser.
//!
//! Texts that people type become [`Nickname`], [`Body`] and [`Emoji`] only through their `parse` functions, which need
//! the Unicode tables and so exist on the server alone. The browser gets these types from the server, already valid.

#[cfg(feature = "ssr")]
mod blank;
mod body;
mod character;
mod conversation;
mod emoji;
mod entry;
mod ids;
mod kept_messages;
mod letter_case;
mod message;
mod nickname;
mod notice;
mod reason;
mod role;
mod search;
mod session_end;
pub mod utc;

pub use body::{
    Body, BodyError, MAX_BODY_CHARACTERS, MAX_BODY_CODE_POINTS, MAX_CHARACTER_CODE_POINTS, MAX_CHARACTER_MARKS,
    is_longer_than_any, trimmed,
};
pub use character::first_character;
pub use conversation::{Companion, Conversation, ConversationKind};
pub use emoji::{Emoji, EmojiError, MAX_REACTIONS};
pub use entry::Entry;
pub use ids::{CommandId, ConversationId, Epoch, InviteId, Millis, Seq, SessionId, UserId};
pub use kept_messages::KeptMessages;
pub use letter_case::{lowercase, uppercase};
pub use message::{Message, Reaction};
#[cfg(feature = "ssr")]
pub use nickname::NicknameKey;
pub use nickname::{MAX_NICKNAME_CHARACTERS, Me, Nickname, NicknameError, User, UserKind};
pub use notice::{Action, Notice, Scope};
pub use reason::{MAX_REASON_CHARACTERS, Reason, ReasonError};
pub use role::Role;
pub use search::place_of;
pub use session_end::{EndReason, SessionEnd};
