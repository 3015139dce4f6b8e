//! What outlives a reload of this tab: what stands in its composers, and what `ui/chat/pre_boot.js` has sent from it.
//!
//! All of it is one user's: for anybody else it is not there any more. A browser may forbid it, or have no space left.
//! Then nothing outlives the page, which is told once, and nothing else changes.

use leptos::prelude::window;
use serde_json::Value;
use web_sys::Storage;

use crate::{
    domain::{CommandId, ConversationId, UserId},
    protocol::{FromJson, field},
};

/// Whose it is.
const USER: &str = "user";
/// What was sent before the program was there.
const EARLY: &str = "early";

/// A message that was sent before the program was there. The server may have it already.
pub(crate) struct PreBootMessage {
    /// Its command.
    pub(crate) id: CommandId,
    /// Where it was sent to.
    pub(crate) conversation: ConversationId,
    /// The text, as typed.
    pub(crate) body: String,
}

impl FromJson for PreBootMessage {
    fn read(value: &Value) -> Option<Self> {
        Some(Self { id: field(value, "id")?, conversation: field(value, "conversation")?, body: field(value, "body")? })
    }
}

/// What stood in the composer of a conversation.
pub(crate) fn draft(user: UserId, conversation: ConversationId) -> Option<String> {
    storage(user)?.get_item(&conversation.to_string()).ok()?
}

/// Keeps what stands there. Whether the browser does.
pub(crate) fn keep_draft(user: UserId, conversation: ConversationId, text: &str) -> bool {
    storage(user).is_some_and(|storage| storage.set_item(&conversation.to_string(), text).is_ok())
}

/// What was sent before the program was there, in order.
pub(crate) fn early(user: UserId) -> Vec<PreBootMessage> {
    let json = storage(user).and_then(|storage| storage.get_item(EARLY).ok()?);
    json.and_then(|json| Vec::from_json(&json)).unwrap_or_default()
}

/// The outbox has it now.
pub(crate) fn forget_early(user: UserId) {
    drop(storage(user).map(|storage| storage.remove_item(EARLY)));
}

/// Whoever was here has left.
pub(crate) fn forget_all() {
    drop(any_storage().map(|storage| storage.clear()));
}

/// The same, if it was this user.
pub(crate) fn forget_user(user: UserId) {
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
    // The server, which renders the same page, has no tab.
    if cfg!(feature = "ssr") { None } else { window().session_storage().ok()? }
}
