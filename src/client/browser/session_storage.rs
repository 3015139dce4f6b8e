//! `sessionStorage`, which outlives a reload of this tab: the drafts, and the messages that `ui/chat/pre_boot.js` has sent.
//!
//! All of it belongs to one user, and is cleared when another one uses it. A browser may forbid it, or have no space left.
//! Then nothing outlives the page; the user is warned once, and nothing else changes.

use leptos::prelude::window;
use serde_json::Value;
use web_sys::Storage;

use crate::{
    client::timeline_id::TimelineId,
    domain::{CommandId, ConversationId, Seq, UserId},
    protocol::{FromJson, field, optional},
};

/// The key of the user id.
const USER: &str = "user";
/// The key of the messages that pre-boot has sent, as `ui/chat/pre_boot.js` writes it.
const PRE_BOOT_MESSAGES: &str = "early";

/// A message that was sent before WebAssembly had loaded. The server may have it already.
pub(crate) struct PreBootMessage {
    /// The command id.
    pub(crate) id: CommandId,
    /// The conversation it was sent to.
    pub(crate) conversation: ConversationId,
    /// The text, as typed.
    pub(crate) body: String,
    /// The message that it replies to.
    pub(crate) reply_to: Option<Seq>,
}

impl FromJson for PreBootMessage {
    fn from_value(value: &Value) -> Option<Self> {
        Some(Self {
            id: field(value, "id")?,
            conversation: field(value, "conversation")?,
            body: field(value, "body")?,
            reply_to: optional(value, "reply_to")?,
        })
    }
}

/// The stored draft of a conversation or a thread, and the message that it replies to.
pub(crate) fn draft(user: UserId, id: TimelineId) -> Option<(String, Option<Seq>)> {
    let storage = storage(user)?;
    let text = storage.get_item(&draft_key(id)).ok()??;
    let reply_to = storage.get_item(&reply_key(id)).ok().flatten();
    Some((text, reply_to.and_then(|seq| seq.parse().ok()).map(Seq)))
}

/// Stores the draft of a conversation or a thread. Returns whether that worked.
pub(crate) fn set_draft(user: UserId, id: TimelineId, text: &str, reply_to: Option<Seq>) -> bool {
    let store = |storage: Storage| {
        match reply_to {
            Some(seq) => storage.set_item(&reply_key(id), &seq.to_string()).ok()?,
            None => storage.remove_item(&reply_key(id)).ok()?,
        }
        storage.set_item(&draft_key(id), text).ok()
    };
    storage(user).and_then(store).is_some()
}

/// The key of a draft. `ui/chat/pre_boot.js` uses that of a conversation, and its [`reply_key`].
fn draft_key(TimelineId { conversation, thread }: TimelineId) -> String {
    match thread {
        None => conversation.to_string(),
        Some(thread) => format!("{conversation} thread {thread}"),
    }
}

/// The key of the message that a draft replies to.
fn reply_key(id: TimelineId) -> String {
    format!("{} reply", draft_key(id))
}

/// The messages that pre-boot has sent, in order.
pub(crate) fn pre_boot_messages(user: UserId) -> Vec<PreBootMessage> {
    let json = storage(user).and_then(|storage| storage.get_item(PRE_BOOT_MESSAGES).ok()?);
    json.and_then(|json| Vec::from_json(&json)).unwrap_or_default()
}

/// Deletes the messages that pre-boot has sent: the outbox has them.
pub(crate) fn remove_pre_boot_messages(user: UserId) {
    drop(storage(user).map(|storage| storage.remove_item(PRE_BOOT_MESSAGES)));
}

/// Deletes everything.
pub(crate) fn clear() {
    drop(any_storage().map(|storage| storage.clear()));
}

/// Deletes everything if it belongs to this user.
pub(crate) fn clear_if_of(user: UserId) {
    let is_theirs = |storage: &Storage| storage.get_item(USER).ok().flatten().as_ref() == Some(&user.to_string());
    drop(any_storage().filter(is_theirs).map(|storage| storage.clear()));
}

fn storage(user: UserId) -> Option<Storage> {
    let (storage, user) = (any_storage()?, user.to_string());
    if storage.get_item(USER).ok()?.as_ref() != Some(&user) {
        storage.clear().ok()?;
        storage.set_item(USER, &user).ok()?;
    }
    Some(storage)
}

fn any_storage() -> Option<Storage> {
    // The server, which renders the same page, has no `sessionStorage`.
    if cfg!(feature = "ssr") { None } else { window().session_storage().ok()? }
}
