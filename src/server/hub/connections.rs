//! One socket, as the hub knows it.

use std::{
    pin::pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use tokio::time::timeout;

use crate::{
    domain::{ConversationId, SessionId, User},
    server::{
        hub::{EncodedFrame, SendQueue, shard_loop::Shard},
        net::{client_addr::ClientAddr, shard_index::ShardIndex},
        websocket::PING_FRAME,
    },
};

/// How many commands of one connection may wait for the store; with more, nothing further is read from it.
const MOST_PENDING: u32 = 64;

/// Who hears no more conversations than this has no room for further ones.
const FEW: usize = 4;

/// What a connection understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// The whole protocol.
    Full,
    /// The plain door's few frames.
    Simple,
}

/// How a connection came in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ConnectionOrigin {
    /// By which session; `None` for a simple-protocol client.
    pub(crate) session: Option<SessionId>,
    /// From where.
    pub(crate) client_addr: ClientAddr,
    pub(crate) dialect: Dialect,
    /// Which shard serves it.
    pub(crate) shard: ShardIndex,
}

/// One socket of a user.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) number: u64,
    pub(crate) user: User,
    pub(crate) session: Option<SessionId>,
    pub(crate) client_addr: ClientAddr,
    pub(crate) dialect: Dialect,
    pub(crate) shard: Arc<Shard>,
    /// What is to be sent to it.
    pub(crate) queue: SendQueue,
    /// The conversations it hears, in the order of their ids; `None` once it has left, so that nothing subscribes it any
    /// more. Most hear a few, and a set would take more room than these.
    heard: Mutex<Option<Vec<ConversationId>>>,
    /// Commands of it that are not answered yet.
    pending: AtomicU32,
    /// Its task waits for the last answers.
    is_leaving: AtomicBool,
    /// Somebody waits for a sign of life.
    is_doubted: AtomicBool,
    /// The shard's beat at which something came from it.
    pub(crate) heard_at: AtomicU32,
    /// The shard's beat at which it was pinged.
    pub(crate) pinged_at: AtomicU32,
}

impl Connection {
    pub(crate) fn new(
        number: u64,
        user: User,
        entrance: ConnectionOrigin,
        shard: Arc<Shard>,
        queue_bytes: usize,
    ) -> Self {
        let ConnectionOrigin { session, client_addr, dialect, shard: _ } = entrance;
        let now = shard.beat();
        Self {
            number,
            user,
            session,
            client_addr,
            dialect,
            shard,
            queue: SendQueue::new(queue_bytes),
            heard: Mutex::new(Some(Vec::new())),
            pending: AtomicU32::new(0),
            is_leaving: AtomicBool::new(false),
            is_doubted: AtomicBool::new(false),
            heard_at: AtomicU32::new(now),
            pinged_at: AtomicU32::new(now),
        }
    }

    /// From now on it hears the conversation, unless it has left.
    pub(crate) fn subscribe(self: &Arc<Self>, conversation: ConversationId) {
        if let Some(heard) = self.heard().as_mut()
            && let Err(place) = heard.binary_search(&conversation)
        {
            if heard.len() == heard.capacity() && heard.len() < FEW {
                heard.reserve_exact(1);
            }
            heard.insert(place, conversation);
            self.shard.subscribe(conversation, self);
        }
    }

    /// The same for many, which may be thousands.
    pub(crate) fn subscribe_to_memberships(self: &Arc<Self>, conversations: &[ConversationId]) {
        let mut guard = self.heard();
        let Some(heard) = guard.as_mut() else { return };
        let known = heard.len();
        heard.reserve_exact(conversations.len());
        for conversation in conversations {
            if heard[..known].binary_search(conversation).is_err() {
                heard.push(*conversation);
                self.shard.subscribe(*conversation, self);
            }
        }
        heard.sort_unstable();
    }

    /// From now on it does not hear the conversation any more.
    pub(crate) fn unsubscribe(&self, conversation: ConversationId) {
        if let Some(heard) = self.heard().as_mut()
            && let Ok(place) = heard.binary_search(&conversation)
        {
            heard.remove(place);
            self.shard.unsubscribe(conversation, self);
        }
    }

    pub(crate) fn end_subscriptions(&self) -> Vec<ConversationId> {
        self.heard().take().unwrap_or_default()
    }

    pub(crate) fn is_subscribed(&self, conversation: ConversationId) -> bool {
        self.heard().as_ref().is_some_and(|heard| heard.binary_search(&conversation).is_ok())
    }

    /// Something has come from it.
    pub(crate) fn record_activity(&self) {
        self.heard_at.store(self.shard.beat(), Ordering::Relaxed);
        // Mostly nobody waits for it, and to find that out costs next to nothing.
        if self.is_doubted.load(Ordering::Relaxed) {
            self.is_doubted.store(false, Ordering::SeqCst);
            self.shard.has_news.notify_waiters();
        }
    }

    /// Whether its peer is still there: it is pinged, and has so long to send anything. However many ask, one ping is on its
    /// way at a time. A connection that leaves meanwhile answers no more.
    pub(crate) async fn responds_within(&self, patience: Duration) -> bool {
        if self.is_at_command_limit() {
            // Nothing is read from it until the store has answered.
            return true;
        }
        let answer = async {
            loop {
                let mut news = pin!(self.shard.has_news.notified());
                news.as_mut().enable();
                if self.heard().is_none() {
                    return false;
                }
                if !self.is_doubted.load(Ordering::SeqCst) {
                    return true;
                }
                news.await;
            }
        };
        if !self.is_doubted.swap(true, Ordering::SeqCst) {
            self.queue.send(EncodedFrame::control(PING_FRAME));
        }
        timeout(patience, answer).await.unwrap_or(false)
    }

    /// Whether the nickname lasts no longer than this connection: a plain client without a session.
    pub(crate) fn is_ephemeral_guest(&self) -> bool {
        self.session.is_none()
    }

    /// A command of it goes to the store; [`Self::command_finished`] must follow.
    pub(crate) fn command_started(&self) {
        self.pending.fetch_add(1, Ordering::Relaxed);
    }

    /// One of its commands was answered.
    pub(crate) fn command_finished(&self) {
        // Together with `has_no_pending_commands`: one of the two sees what the other has done.
        let before = self.pending.fetch_sub(1, Ordering::SeqCst);
        if before == MOST_PENDING || self.is_leaving.load(Ordering::SeqCst) {
            self.queue.wake();
        }
    }

    /// Whether no further command is to be read from it for now.
    pub(crate) fn is_at_command_limit(&self) -> bool {
        self.pending.load(Ordering::Acquire) >= MOST_PENDING
    }

    /// Whether all its commands were answered. From the first call on its task is woken when they are.
    pub(crate) fn has_no_pending_commands(&self) -> bool {
        self.is_leaving.store(true, Ordering::SeqCst);
        self.pending.load(Ordering::SeqCst) == 0
    }

    fn heard(&self) -> MutexGuard<'_, Option<Vec<ConversationId>>> {
        // Nothing under this lock panics half-way through a change.
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
