//! What waits to be sent to one connection: bounded in bytes, and pushing never waits.
//!
//! A connection that leaves more unread than the bound is closed, and comes back by its cursors. No frame is dropped
//! from a connection that stays open.

use std::{
    collections::VecDeque,
    mem,
    sync::{Mutex, MutexGuard, PoisonError},
};

use axum::extract::ws::Utf8Bytes;
use serde::Serialize;
use tokio::sync::Notify;

use crate::{
    domain::{ConversationId, Seq},
    protocol::CloseCode,
};

/// A frame, encoded once for all who get it.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) frame: Utf8Bytes,
    /// Tells nothing new to a connection that has been brought to this position, by welcome and replay, or beyond.
    pub(crate) covered_at: Option<(ConversationId, Seq)>,
}

impl Item {
    /// `None`, with a line in the log, for what can't be JSON; no frame of ours is so.
    pub(crate) fn encode(frame: &impl Serialize) -> Option<Self> {
        match serde_json::to_string(frame) {
            Ok(text) => Some(Self { frame: text.into(), covered_at: None }),
            Err(error) => {
                tracing::error!(%error, "a frame could not be written as JSON");
                None
            }
        }
    }

    pub(crate) fn covered_at(self, conversation: ConversationId, seq: Seq) -> Self {
        Self { covered_at: Some((conversation, seq)), ..self }
    }
}

/// How a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Closing {
    /// `None` where the peer has gone already.
    pub(crate) code: Option<CloseCode>,
    /// Whether what is queued is still to be sent.
    pub(crate) after_queue: bool,
}

impl Closing {
    /// Says `code` at once; what waits is not sent.
    pub(crate) const fn now(code: CloseCode) -> Self {
        Self { code: Some(code), after_queue: false }
    }

    /// Sends what waits, then says `code`.
    pub(crate) const fn finally(code: CloseCode) -> Self {
        Self { code: Some(code), after_queue: true }
    }

    /// The peer has gone: nothing is to be said.
    pub(crate) const GONE: Self = Self { code: None, after_queue: false };
}

/// A connection's queue. A plain mutex: it is held for a push or a swap, never across an `.await`.
#[derive(Debug)]
pub(crate) struct SendQueue {
    waiting: Mutex<Waiting>,
    /// Wakes the one that sends.
    changed: Notify,
    /// Wakes it when it must stop in the midst of sending.
    aborted: Notify,
    /// The bound.
    most_bytes: usize,
}

#[derive(Debug, Default)]
struct Waiting {
    items: VecDeque<Item>,
    bytes: usize,
    closing: Option<Closing>,
}

impl SendQueue {
    pub(super) fn new(most_bytes: usize) -> Self {
        Self { waiting: Mutex::default(), changed: Notify::new(), aborted: Notify::new(), most_bytes }
    }

    /// Adds a frame; if that is too much, the connection closes as too slow.
    pub(crate) fn push(&self, item: Item) {
        let mut waiting = self.waiting();
        if waiting.closing.is_some() {
            return;
        }
        waiting.bytes += item.frame.len();
        if waiting.bytes > self.most_bytes {
            drop(waiting);
            self.close(Closing::now(CloseCode::TooSlow));
            return;
        }
        waiting.items.push_back(item);
        self.changed.notify_one();
    }

    /// Adds what there is, if anything.
    pub(crate) fn extend(&self, items: impl IntoIterator<Item = Item>) {
        for item in items {
            self.push(item);
        }
    }

    /// Closes the connection; the first reason counts.
    pub(crate) fn close(&self, closing: Closing) {
        let mut waiting = self.waiting();
        if waiting.closing.is_some() {
            return;
        }
        waiting.closing = Some(closing);
        if !closing.after_queue {
            waiting.items = VecDeque::new();
            waiting.bytes = 0;
            self.aborted.notify_one();
        }
        self.changed.notify_one();
    }

    /// Waits until there is something to do; puts all that is due into `items`, and says whether it is the end.
    ///
    /// Only the connection's own task calls this.
    pub(crate) async fn take(&self, items: &mut VecDeque<Item>) -> Option<Closing> {
        loop {
            {
                let mut waiting = self.waiting();
                if !waiting.items.is_empty() || waiting.closing.is_some() {
                    waiting.bytes = 0;
                    mem::swap(items, &mut waiting.items);
                    return waiting.closing;
                }
            }
            self.changed.notified().await;
        }
    }

    /// Resolves when the connection must end without sending what waits.
    pub(crate) async fn aborted(&self) -> Closing {
        loop {
            if let Some(closing) = self.waiting().closing.filter(|closing| !closing.after_queue) {
                return closing;
            }
            self.aborted.notified().await;
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        // Nothing under this lock panics half-way through a change.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(text: &str) -> Item {
        Item { frame: text.to_owned().into(), covered_at: None }
    }

    #[tokio::test]
    async fn all_that_is_due_is_taken_at_once() {
        let queue = SendQueue::new(100);
        queue.push(item("a"));
        queue.push(item("b"));
        let mut due = VecDeque::new();
        assert_eq!(queue.take(&mut due).await, None);
        assert_eq!(due.iter().map(|item| item.frame.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    }

    #[tokio::test]
    async fn too_much_closes_the_connection_and_frees_its_memory() {
        let queue = SendQueue::new(10);
        queue.push(item("123456"));
        queue.push(item("789012"));
        queue.push(item("later"));
        let mut due = VecDeque::new();
        assert_eq!(queue.take(&mut due).await, Some(Closing::now(CloseCode::TooSlow)));
        assert!(due.is_empty());
        assert_eq!(queue.aborted().await.code, Some(CloseCode::TooSlow));
    }

    #[tokio::test]
    async fn a_gentle_close_sends_what_waits_first() {
        let queue = SendQueue::new(10);
        queue.push(item("a"));
        queue.close(Closing::finally(CloseCode::Restarting));
        queue.push(item("too late"));
        let mut due = VecDeque::new();
        assert_eq!(queue.take(&mut due).await, Some(Closing::finally(CloseCode::Restarting)));
        assert_eq!(due.len(), 1);
    }
}
