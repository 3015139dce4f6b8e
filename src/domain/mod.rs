//! The vocabulary as types: pure rules, no I/O, shared by server and browser.
//!
//! Texts that people type become [`Nickname`], [`Body`] and [`Emoji`] only through their `parse` functions, which need
//! the Unicode tables and so exist on the server alone. The browser gets these types from the server, already valid.

mod admission;
#[cfg(feature = "ssr")]
mod blank;
mod body;
mod character;
mod conversation;
mod emoji;
mod ids;
mod kept_messages;
mod letter_case;
mod message;
mod moderation;
mod nickname;
mod reason;
mod role;
mod session_end;
mod substring;
pub mod utc;

pub use crate::domain::admission::AdmissionPolicy;
pub use crate::domain::moderation::{Action, ModerationNotice, Scope};
pub use crate::domain::substring::find_substring;
pub use body::{
    Body, BodyError, MAX_BODY_CHARACTERS, MAX_BODY_CODE_POINTS, MAX_CHARACTER_CODE_POINTS, MAX_CHARACTER_MARKS,
    is_longer_than_any, trimmed,
};
pub use character::first_character;
pub use conversation::{Companion, Conversation, ConversationKind};
pub use emoji::{Emoji, EmojiError, MAX_REACTIONS};
pub use ids::{CommandId, ConversationId, Epoch, InviteId, Seq, SessionId, Timestamp, UserId};
pub use kept_messages::KeptMessages;
pub use letter_case::{lowercase, uppercase};
pub use message::{Message, Reaction};
#[cfg(feature = "ssr")]
pub use nickname::NicknameKey;
pub use nickname::{CurrentUser, MAX_NICKNAME_CHARACTERS, Nickname, NicknameError, User, UserKind};
pub use reason::{MAX_REASON_CHARACTERS, Reason, ReasonError};
pub use role::Role;
pub use session_end::{EndReason, SessionEnd};
