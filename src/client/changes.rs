//! Changes to messages: pins, earlier texts, and what has changed since a user read.

use gloo_net::http::Request;
use leptos::prelude::*;

use crate::{
    client::{
        api::{RequestError, parse, send},
        clock::now,
        rooms::refused,
        store::ClientStore,
    },
    domain::{
        ChangesPage, CommandId, ConversationId, Message, MessageHistory, MessageVersion, MessagesPage, PinnedMessages,
        Seq,
    },
    protocol::{ClientFrame, FromJson},
};

/// How many messages can be asked for by their positions at once.
const MAX_SEQS: usize = 50;

/// How many events are fetched at once.
const CHANGES_PAGE: usize = 200;

/// The pinned messages of a conversation, the newest pin first.
///
/// # Errors
/// [`RequestError`] says what to tell the user.
pub async fn pinned_messages(conversation: ConversationId) -> Result<Vec<Message>, RequestError> {
    let PinnedMessages { messages, .. } = get(format!("/api/conversations/{conversation}/pins")).await?;
    Ok(messages)
}

/// The texts that a message has had, the oldest first.
///
/// # Errors
/// As for [`pinned_messages`].
pub async fn message_versions(conversation: ConversationId, message: Seq) -> Result<Vec<MessageVersion>, RequestError> {
    let MessageHistory { versions } =
        get(format!("/api/conversations/{conversation}/messages/{message}/history")).await?;
    Ok(versions)
}

/// The events after `after` that changed messages up to there, the oldest first.
///
/// # Errors
/// As for [`pinned_messages`].
pub async fn changes_after(conversation: ConversationId, after: Seq) -> Result<ChangesPage, RequestError> {
    get(format!("/api/conversations/{conversation}/changes?after={after}&limit={CHANGES_PAGE}")).await
}

/// The messages at these positions.
///
/// # Errors
/// As for [`pinned_messages`].
pub async fn messages_at(conversation: ConversationId, seqs: &[Seq]) -> Result<Vec<Message>, RequestError> {
    let mut messages = Vec::new();
    for seqs in seqs.chunks(MAX_SEQS) {
        let list = seqs.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        let page: MessagesPage = get(format!("/api/conversations/{conversation}/messages?seqs={list}")).await?;
        messages.extend(page.messages);
    }
    Ok(messages)
}

async fn get<T: FromJson>(path: String) -> Result<T, RequestError> {
    parse(send(Request::get(&path).build()).await?).await.ok_or(RequestError::Unreachable)
}

impl ClientStore {
    /// Pins a message in its conversation, or removes the pin.
    ///
    /// # Errors
    /// As for [`pinned_messages`].
    pub async fn set_message_pinned(
        self,
        conversation: ConversationId,
        seq: Seq,
        on: bool,
    ) -> Result<(), RequestError> {
        let id = CommandId::new_at(now());
        self.request(id, ClientFrame::Pin { id, conversation, seq, on }).await.map(drop).map_err(refused)
    }

    /// Follows what may change the pinned messages of a conversation.
    pub fn track_pins(self, conversation: ConversationId) {
        self.timeline_state(conversation.into()).pins_changed.track();
    }
}
