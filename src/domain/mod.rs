//! Values and their rules, shared by the server and the browser. No I/O.
//!
//! Typed texts become a [`Nickname`], [`Body`] or [`Emoji`] only through `parse`, which needs the Unicode tables and so exists
//! on the server alone. The browser receives these values from the server, already valid.

mod admission;
mod audit;
#[cfg(feature = "ssr")]
mod blank;
mod body;
mod character;
#[cfg(feature = "ssr")]
mod client_addr;
mod completion;
mod conversation;
mod emoji;
mod event;
mod history;
mod ids;
mod invite;
mod kept_messages;
mod letter_case;
mod mention;
#[cfg(feature = "ssr")]
mod mention_places;
mod message;
mod moderation;
mod nickname;
#[cfg(feature = "ssr")]
mod one_line;
mod password;
mod reason;
mod reply;
mod report;
mod role;
mod room;
mod sanction;
mod session;
mod session_end;
mod substring;
mod user;
pub mod utc;

pub use admission::AdmissionPolicy;
pub use audit::{AuditEntry, AuditPage};
pub use body::{
    Body, BodyError, MAX_BODY_BYTES, MAX_BODY_CHARACTERS, MAX_BODY_CODE_POINTS, MAX_CHARACTER_CODE_POINTS,
    MAX_CHARACTER_MARKS, is_longer_than_any, trimmed,
};
pub use character::first_character;
#[cfg(feature = "ssr")]
pub(crate) use client_addr::{ClientAddr, ClientNetwork};
pub use completion::Completions;
pub use conversation::{Companion, Conversation, ConversationKind, ConversationList, MAX_UNREAD};
pub use emoji::{Emoji, EmojiError, MAX_REACTIONS};
pub use event::{Event, EventKind};
pub use history::{
    ChangesPage, MentionPage, MessageHistory, MessageVersion, MessagesPage, PinnedMessages, ThreadPage, ToldMessage,
};
pub use ids::{CommandId, ConversationId, Epoch, InviteId, Seq, SessionId, Timestamp, UserId};
pub use invite::Invite;
pub use kept_messages::KeptMessages;
pub use letter_case::{lowercase, uppercase};
pub use mention::{MAX_MENTIONS, Mention, Mentioned};
#[cfg(feature = "ssr")]
pub use mention_places::{MentionPlace, mention_places};
pub use message::{MAX_PINS, Message, Reaction};
pub use moderation::{Action, ModerationNotice, Scope};
#[cfg(feature = "ssr")]
pub use nickname::NicknameKey;
pub use nickname::{MAX_NICKNAME_CHARACTERS, Nickname, NicknameError};
pub use password::{PASSWORD_CHARACTERS, PasswordError};
pub use reason::{MAX_REASON_CHARACTERS, Reason, ReasonError};
pub use reply::Reply;
pub use report::{Report, ReportList};
pub use role::Role;
pub use room::{
    DirectoryPage, DirectoryRoom, MAX_TOPIC_CHARACTERS, MemberPage, Posting, Room, RoomChange, RoomCreation,
    RoomMember, RoomName, RoomTopic, TopicError, Visibility,
};
pub use sanction::Sanction;
pub use session::SessionInfo;
pub use session_end::{EndReason, SessionEnd};
pub use substring::find_substring;
pub use user::{CurrentUser, User, UserKind};
