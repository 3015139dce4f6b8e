//! The connections, and the shards that serve them.
//!
//! A [`Connection`] belongs to a [`Shard`], and the shard holds its connections: neither type makes sense alone.

use std::{
    collections::HashMap,
    hash::Hash,
    pin::pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use tokio::{sync::Notify, time::timeout};

use crate::{
    domain::{ClientAddr, ConversationId, SessionId, User},
    protocol::CloseCode,
    server::{
        hub::{
            encoded::EncodedFrame,
            send_queue::{CloseReason, SendQueue},
        },
        net::shard_index::ShardIndex,
        websocket::PING_FRAME,
    },
};

/// How many commands of one connection may wait for the store. At this limit nothing more is read from the connection.
const MAX_PENDING_COMMANDS: u32 = 64;

/// Up to this many subscriptions, the list grows by one at a time. Most connections have few, and there are many
/// connections.
const EXACT_GROWTH_LIMIT: usize = 4;

/// Maps and lists with less capacity than this are never shrunk.
const MIN_SHRINK_CAPACITY: usize = 256;

/// Which protocol a connection speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// The full protocol at `/ws`.
    Full,
    /// The simple protocol at `/{nickname}`, which has only a few kinds of frame.
    Simple,
}

/// Where a connection comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ConnectionOrigin {
    /// The session that it was opened with. `None` for a client of the simple protocol without a session.
    pub(crate) session: Option<SessionId>,
    pub(crate) client_addr: ClientAddr,
    pub(crate) dialect: Dialect,
    /// The shard that serves it.
    pub(crate) shard: ShardIndex,
}

/// One WebSocket of a user.
#[derive(Debug)]
pub(crate) struct Connection {
    /// Identifies the connection. Modulo the number of shards, it is the index of the connection's shard.
    pub(crate) number: u64,
    /// The user, as they were when the connection was opened.
    pub(crate) user: User,
    pub(crate) session: Option<SessionId>,
    pub(crate) client_addr: ClientAddr,
    pub(crate) dialect: Dialect,
    pub(super) shard: Arc<Shard>,
    /// What is to be sent to the client.
    pub(crate) queue: SendQueue,
    /// The conversations that the connection is subscribed to, ordered by id. `None` once the connection has left, so
    /// that nothing subscribes it again. A sorted list, because for the few that most connections have a set would take
    /// more memory.
    subscriptions: Mutex<Option<Vec<ConversationId>>>,
    /// How many commands of the connection wait for the store.
    pending_commands: AtomicU32,
    /// Whether the connection's task is to answer the last commands and then close the connection.
    is_dismissed: AtomicBool,
    /// Whether somebody waits in [`Self::responds_within`].
    is_probed: AtomicBool,
    /// The shard's tick at which anything last came from the client.
    last_received_tick: AtomicU32,
    /// The shard's tick at which the client was last pinged.
    last_ping_tick: AtomicU32,
}

impl Connection {
    pub(super) fn new(
        number: u64,
        user: User,
        origin: ConnectionOrigin,
        shard: Arc<Shard>,
        send_queue_bytes: usize,
    ) -> Self {
        let ConnectionOrigin { session, client_addr, dialect, shard: _ } = origin;
        let now = shard.current_tick();
        Self {
            number,
            user,
            session,
            client_addr,
            dialect,
            shard,
            queue: SendQueue::new(send_queue_bytes),
            subscriptions: Mutex::new(Some(Vec::new())),
            pending_commands: AtomicU32::new(0),
            is_dismissed: AtomicBool::new(false),
            is_probed: AtomicBool::new(false),
            last_received_tick: AtomicU32::new(now),
            last_ping_tick: AtomicU32::new(now),
        }
    }

    /// Subscribes the connection to a conversation, unless it has left.
    pub(super) fn subscribe(self: &Arc<Self>, conversation: ConversationId) {
        if let Some(subscriptions) = self.subscriptions().as_mut()
            && let Err(index) = subscriptions.binary_search(&conversation)
        {
            if subscriptions.len() == subscriptions.capacity() && subscriptions.len() < EXACT_GROWTH_LIMIT {
                subscriptions.reserve_exact(1);
            }
            subscriptions.insert(index, conversation);
            self.shard.subscribe(conversation, self);
        }
    }

    /// Subscribes the connection to many conversations at once; there may be thousands.
    pub(crate) fn subscribe_to_memberships(self: &Arc<Self>, conversations: &[ConversationId]) {
        let mut guard = self.subscriptions();
        let Some(subscriptions) = guard.as_mut() else { return };
        let sorted = subscriptions.len();
        subscriptions.reserve_exact(conversations.len());
        for conversation in conversations {
            if subscriptions[..sorted].binary_search(conversation).is_err() {
                subscriptions.push(*conversation);
                self.shard.subscribe(*conversation, self);
            }
        }
        subscriptions.sort_unstable();
    }

    /// Ends the subscription to a conversation.
    pub(super) fn unsubscribe(&self, conversation: ConversationId) {
        if let Some(subscriptions) = self.subscriptions().as_mut()
            && let Ok(index) = subscriptions.binary_search(&conversation)
        {
            subscriptions.remove(index);
            self.shard.unsubscribe(conversation, self);
        }
    }

    pub(crate) fn is_subscribed(&self, conversation: ConversationId) -> bool {
        self.subscriptions().as_ref().is_some_and(|ids| ids.binary_search(&conversation).is_ok())
    }

    /// Ends all subscriptions for good, and takes the connection out of its shard.
    pub(super) fn leave_shard(&self) {
        let subscriptions = self.subscriptions().take().unwrap_or_default();
        for conversation in subscriptions {
            self.shard.unsubscribe(conversation, self);
        }
        self.shard.remove(self);
        self.shard.probe_changed.notify_waiters();
    }

    /// Notes that something came from the client.
    pub(crate) fn record_activity(&self) {
        self.last_received_tick.store(self.shard.current_tick(), Ordering::Relaxed);
        // Nearly always nobody probes the connection, and a relaxed load costs next to nothing.
        if self.is_probed.load(Ordering::Relaxed) {
            self.is_probed.store(false, Ordering::SeqCst);
            self.shard.probe_changed.notify_waiters();
        }
    }

    /// Pings the client, and returns whether anything comes from it within `limit`.
    ///
    /// Simultaneous calls share one ping. Returns `false` if the connection leaves in the meantime.
    pub(crate) async fn responds_within(&self, limit: Duration) -> bool {
        if self.is_at_command_limit() {
            // Nothing is read from the client until the store has answered, so its pong would not be noticed.
            return true;
        }
        let response = async {
            loop {
                let mut changed = pin!(self.shard.probe_changed.notified());
                changed.as_mut().enable();
                if self.subscriptions().is_none() {
                    return false;
                }
                if !self.is_probed.load(Ordering::SeqCst) {
                    return true;
                }
                changed.await;
            }
        };
        if !self.is_probed.swap(true, Ordering::SeqCst) {
            self.queue.send(EncodedFrame::control(PING_FRAME));
        }
        timeout(limit, response).await.unwrap_or(false)
    }

    /// Whether the user is a guest without a session, whose nickname lasts only as long as this connection.
    pub(crate) fn is_ephemeral_guest(&self) -> bool {
        self.session.is_none()
    }

    /// Counts a command that goes to the store. [`Self::command_finished`] must follow.
    pub(crate) fn command_started(&self) {
        self.pending_commands.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a command as answered.
    pub(crate) fn command_finished(&self) {
        // Sequentially consistent, as in `has_no_pending_commands`: one of the two sees the other's write, so the task
        // is woken.
        let before = self.pending_commands.fetch_sub(1, Ordering::SeqCst);
        if before == MAX_PENDING_COMMANDS || self.is_dismissed.load(Ordering::SeqCst) {
            self.queue.wake();
        }
    }

    /// Whether so many commands are pending that nothing more may be read from the client for now.
    pub(crate) fn is_at_command_limit(&self) -> bool {
        self.pending_commands.load(Ordering::Acquire) >= MAX_PENDING_COMMANDS
    }

    /// Whether all commands have been answered. Each answer to a connection that was dismissed wakes its task.
    pub(crate) fn has_no_pending_commands(&self) -> bool {
        self.pending_commands.load(Ordering::SeqCst) == 0
    }

    /// Lets the connection's task answer the last commands and close the connection, because the server stops. Returns
    /// whether it was not told before.
    pub(super) fn dismiss(&self) -> bool {
        let is_news = !self.is_dismissed.swap(true, Ordering::SeqCst);
        if is_news {
            self.queue.wake();
        }
        is_news
    }

    /// Whether [`Self::dismiss`] was called.
    pub(crate) fn is_dismissed(&self) -> bool {
        self.is_dismissed.load(Ordering::SeqCst)
    }

    fn subscriptions(&self) -> MutexGuard<'_, Option<Vec<ConversationId>>> {
        lock(&self.subscriptions)
    }
}

/// The connections that one thread serves.
#[derive(Debug, Default)]
pub(crate) struct Shard {
    /// The subscribers of each conversation that has any.
    audiences: Mutex<HashMap<ConversationId, Vec<Arc<Connection>>>>,
    /// All connections, by number.
    connections: Mutex<HashMap<u64, Arc<Connection>>>,
    /// Counts the checks of all connections: a clock that costs nothing to read.
    tick: AtomicU32,
    /// Wakes all callers of [`Connection::responds_within`]: a probed connection has sent something, or a connection
    /// has left.
    probe_changed: Notify,
}

/// The limits for quiet and slow connections, in ticks of the shard.
#[derive(Clone, Copy, Debug)]
pub(super) struct TickLimits {
    /// How often to ping.
    pub(super) ping: u32,
    /// How long nothing may come from a client.
    pub(super) silence: u32,
    /// How long a client may take nothing of what waits for it.
    pub(super) write: u32,
}

impl Shard {
    fn current_tick(&self) -> u32 {
        self.tick.load(Ordering::Relaxed)
    }

    pub(super) fn add(&self, connection: &Arc<Connection>) {
        lock(&self.connections).insert(connection.number, Arc::clone(connection));
    }

    fn remove(&self, connection: &Connection) {
        let mut connections = lock(&self.connections);
        connections.remove(&connection.number);
        shrink_if_sparse(&mut connections);
    }

    pub(super) fn find(&self, number: u64) -> Option<Arc<Connection>> {
        lock(&self.connections).get(&number).cloned()
    }

    fn subscribe(&self, conversation: ConversationId, connection: &Arc<Connection>) {
        let mut audiences = lock(&self.audiences);
        let audience = audiences.entry(conversation).or_insert_with(|| Vec::with_capacity(2));
        audience.push(Arc::clone(connection));
    }

    fn unsubscribe(&self, conversation: ConversationId, connection: &Connection) {
        let mut audiences = lock(&self.audiences);
        let Some(audience) = audiences.get_mut(&conversation) else { return };
        if let Some(index) = audience.iter().position(|other| std::ptr::eq(Arc::as_ptr(other), connection)) {
            audience.swap_remove(index);
        }
        if audience.is_empty() {
            audiences.remove(&conversation);
            shrink_if_sparse(&mut audiences);
        } else if is_sparse(audience.len(), audience.capacity()) {
            audience.shrink_to(2 * audience.len());
        }
    }

    pub(super) fn audience_size(&self, conversation: ConversationId) -> usize {
        lock(&self.audiences).get(&conversation).map_or(0, Vec::len)
    }

    /// The subscribers of a conversation.
    pub(super) fn audience(&self, conversation: ConversationId) -> Vec<Arc<Connection>> {
        lock(&self.audiences).get(&conversation).cloned().unwrap_or_default()
    }

    /// Calls `visit` for each subscriber of a conversation while the audiences are locked. `visit` must not subscribe
    /// or unsubscribe anybody.
    pub(super) fn for_each_subscriber(&self, conversation: ConversationId, visit: impl FnMut(&Arc<Connection>)) {
        lock(&self.audiences).get(&conversation).into_iter().flatten().for_each(visit);
    }

    pub(super) fn connection_count(&self) -> usize {
        lock(&self.connections).len()
    }

    /// Dismisses up to `count` connections that were not dismissed before. Returns how many.
    pub(super) fn dismiss_connections(&self, count: usize) -> usize {
        lock(&self.connections).values().filter(|connection| connection.dismiss()).take(count).count()
    }

    /// All connections that speak the full protocol.
    pub(super) fn full_protocol_connections(&self) -> Vec<Arc<Connection>> {
        let connections = lock(&self.connections);
        connections.values().filter(|connection| connection.dialect == Dialect::Full).cloned().collect()
    }

    /// Begins the next tick: pings the connections whose time has come, and closes those that are silent or stalled.
    pub(super) fn check_connections(&self, limits: TickLimits) {
        let now = self.tick.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
        for connection in lock(&self.connections).values() {
            let queue = &connection.queue;
            if connection.is_at_command_limit() {
                // Nothing is read from this client at the moment, so its silence means nothing.
                connection.last_received_tick.store(now, Ordering::Relaxed);
            }
            if now.wrapping_sub(connection.last_received_tick.load(Ordering::Relaxed)) > limits.silence {
                queue.close(CloseReason::CLIENT_GONE);
            } else if queue.check_stalled(limits.write) {
                queue.close(CloseReason::immediately(CloseCode::TooSlow));
            } else if now.wrapping_sub(connection.last_ping_tick.load(Ordering::Relaxed)) >= limits.ping {
                connection.last_ping_tick.store(now, Ordering::Relaxed);
                queue.send(EncodedFrame::control(PING_FRAME));
            }
        }
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        lock(&self.audiences).is_empty() && lock(&self.connections).is_empty()
    }
}

/// Shrinks a map of which little is in use. Otherwise maps keep their memory for whatever comes next.
pub(super) fn shrink_if_sparse<K: Eq + Hash, V>(map: &mut HashMap<K, V>) {
    if is_sparse(map.len(), map.capacity()) {
        map.shrink_to(2 * map.len());
    }
}

fn is_sparse(len: usize, capacity: usize) -> bool {
    capacity > MIN_SHRINK_CAPACITY && len < capacity / 8
}

/// Locks a mutex. If a thread panicked while it held the lock, the data is still good: no change under these locks is
/// made in several steps.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
