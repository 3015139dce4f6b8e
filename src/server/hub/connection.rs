//! One socket, as the hub knows it.

use std::{
    collections::HashSet,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::domain::{ConversationId, SessionId, User};

use super::{super::peer::Peer, SendQueue};

/// What a connection understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Speech {
    /// The whole protocol.
    Full,
    /// The plain door's few frames.
    Plain,
}

/// How a connection came in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entrance {
    /// By which session; `None` for a plain client.
    pub(crate) session: Option<SessionId>,
    /// From where.
    pub(crate) peer: Peer,
    pub(crate) speech: Speech,
}

/// One socket of a user.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(super) number: u64,
    pub(crate) user: User,
    pub(super) session: Option<SessionId>,
    pub(super) peer: Peer,
    pub(super) speech: Speech,
    /// What is to be sent to it.
    pub(crate) queue: SendQueue,
    /// The conversations it hears; `None` once it has left, so that nothing subscribes it any more.
    heard: Mutex<Option<HashSet<ConversationId>>>,
}

impl Connection {
    pub(super) fn new(number: u64, user: User, entrance: Entrance, queue_bytes: usize) -> Self {
        let (queue, heard) = (SendQueue::new(queue_bytes), Mutex::new(Some(HashSet::new())));
        let Entrance { session, peer, speech } = entrance;
        Self { number, user, session, peer, speech, queue, heard }
    }

    /// Changes what it hears, unless it has left.
    pub(super) fn while_subscribed(&self, change: impl FnOnce(&mut HashSet<ConversationId>)) {
        if let Some(heard) = self.heard().as_mut() {
            change(heard);
        }
    }

    pub(super) fn end_subscriptions(&self) -> HashSet<ConversationId> {
        self.heard().take().unwrap_or_default()
    }

    pub(crate) fn hears(&self, conversation: ConversationId) -> bool {
        self.heard().as_ref().is_some_and(|heard| heard.contains(&conversation))
    }

    fn heard(&self) -> MutexGuard<'_, Option<HashSet<ConversationId>>> {
        // Nothing under this lock panics half-way through a change.
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
