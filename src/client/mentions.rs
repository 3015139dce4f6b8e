//! Mentions: whom a text may mention, and the messages of which the user was told.

use crate::{
    client::api::{RequestError, encoded, get},
    domain::{Completions, ConversationId, MentionPage},
};

/// How many messages are fetched at once.
const PAGE_SIZE: usize = 30;

/// The users whose nickname somebody may be typing in a conversation.
///
/// # Errors
/// [`RequestError`] says what to tell the user.
pub async fn completions(conversation: ConversationId, typed: &str) -> Result<Completions, RequestError> {
    get(format!("/api/conversations/{conversation}/completions?q={}", encoded(typed))).await
}

/// The messages of which the user was told, the newest first: a part after the cursor `before`, or the beginning.
///
/// # Errors
/// As for [`completions`].
pub async fn mentions(before: Option<&str>) -> Result<MentionPage, RequestError> {
    let before = before.map(|before| format!("&before={}", encoded(before))).unwrap_or_default();
    get(format!("/api/mentions?limit={PAGE_SIZE}{before}")).await
}
