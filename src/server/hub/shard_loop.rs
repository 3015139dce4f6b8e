//! A shard: the connections that one thread serves, who of them hears which conversation, and its turns at writing.
//!
//! A turn is what was committed together. A shard puts each of its steps into the queues that it concerns, and then
//! writes each queue once. A crowd, which takes long, is served a slice at a time, with other turns in between: who talks
//! in private does not wait for a room of ten thousand.

#[cfg(test)]
mod tests;

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::Duration,
};

use tokio::{
    select,
    sync::{Notify, mpsc, oneshot},
    task::yield_now,
    time::{MissedTickBehavior, interval},
};

use crate::{
    domain::{ConversationId, UserId},
    protocol::CloseCode,
    server::{
        config::Timing,
        hub::{
            CloseReason, Connection, Dialect, Hub, ROOM_OF_A_FEW,
            encoded::{EncodedFrame, EventBatch, LARGEST_RUN, QueueEntry},
            shrink_if_sparse,
        },
        websocket::PING_FRAME,
    },
};

/// More listeners than this are a crowd.
const CROWD: usize = 256;

/// A crowd is served so many at a time. One costs some 8 µs when each is written to by itself, and a private message can
/// meet three slices on its way: when it is read, when its commit is told, and when it is written.
const SLICE: usize = 64;

/// How much may wait for crowds before no further turn is begun, in bytes. What is committed then waits in the store's
/// feed, and the store waits for that.
const MOST_FOR_CROWDS: usize = 4 * 1024 * 1024;

/// The longest time between two looks at all connections.
const LONGEST_BEAT: Duration = Duration::from_secs(1);

/// What was committed together, for all shards.
pub(crate) type DeliveryBatch = Arc<Vec<DeliveryOp>>;

/// One thing to be told.
#[derive(Debug)]
pub(crate) enum DeliveryOp {
    /// Events of one conversation, to all who hear it.
    Events(Arc<EventBatch>),
    /// The answer to a command; nothing where silence means yes.
    Reply(Arc<Connection>, Option<EncodedFrame>),
    /// The users hear a conversation from now on, starting with what it is.
    Conversations {
        views: Vec<(UserId, ConversationId, EncodedFrame)>,
        /// Resolves for whoever waits, by being dropped, when all shards have told it.
        _announced: oneshot::Sender<()>,
    },
    /// To all connections of a user.
    ToUser(UserId, EncodedFrame),
    /// The user does not hear the conversation any more.
    Unsubscribe(UserId, ConversationId, Option<EncodedFrame>),
    /// All connections of the user end.
    CloseUser(UserId, CloseCode),
    /// To everyone.
    ToEveryone(EncodedFrame),
}

/// The connections that one thread serves. Plain mutexes: held for look-ups, pushes and writes that don't wait.
#[derive(Debug, Default)]
pub(crate) struct Shard {
    audiences: Mutex<HashMap<ConversationId, Vec<Arc<Connection>>>>,
    connections: Mutex<HashMap<u64, Arc<Connection>>>,
    /// Counts looks at all connections: a clock that costs nothing to read.
    beat: AtomicU32,
    /// Tells whoever doubts a connection that one of those that are doubted has sent something, or that one has left.
    pub(crate) has_news: Notify,
}

impl Shard {
    pub(crate) fn beat(&self) -> u32 {
        self.beat.load(Ordering::Relaxed)
    }

    pub(crate) fn add(&self, connection: &Arc<Connection>) {
        lock(&self.connections).insert(connection.number, Arc::clone(connection));
    }

    pub(crate) fn remove(&self, connection: &Connection) {
        let mut connections = lock(&self.connections);
        connections.remove(&connection.number);
        shrink_if_sparse(&mut connections);
    }

    pub(crate) fn find(&self, number: u64) -> Option<Arc<Connection>> {
        lock(&self.connections).get(&number).cloned()
    }

    pub(crate) fn subscribe(&self, conversation: ConversationId, connection: &Arc<Connection>) {
        let mut audiences = lock(&self.audiences);
        let audience = audiences.entry(conversation).or_insert_with(|| Vec::with_capacity(2));
        audience.push(Arc::clone(connection));
    }

    pub(crate) fn unsubscribe(&self, conversation: ConversationId, connection: &Connection) {
        let mut audiences = lock(&self.audiences);
        let Some(audience) = audiences.get_mut(&conversation) else { return };
        if let Some(place) = audience.iter().position(|other| std::ptr::eq(Arc::as_ptr(other), connection)) {
            audience.swap_remove(place);
        }
        if audience.is_empty() {
            audiences.remove(&conversation);
            shrink_if_sparse(&mut audiences);
        } else if audience.capacity() > ROOM_OF_A_FEW && audience.len() < audience.capacity() / 8 {
            audience.shrink_to(2 * audience.len());
        }
    }

    pub(crate) fn audience_size(&self, conversation: ConversationId) -> usize {
        lock(&self.audiences).get(&conversation).map_or(0, Vec::len)
    }

    pub(crate) fn audience(&self, conversation: ConversationId) -> Vec<Arc<Connection>> {
        lock(&self.audiences).get(&conversation).cloned().unwrap_or_default()
    }

    /// Lets the tasks of all connections look around.
    pub(crate) fn wake_all(&self) {
        lock(&self.connections).values().for_each(|connection| connection.queue.wake());
    }

    fn everyone(&self) -> Vec<Arc<Connection>> {
        let connections = lock(&self.connections);
        connections.values().filter(|connection| connection.dialect == Dialect::Full).cloned().collect()
    }

    /// Looks after all connections: pings them, and ends those that are silent or take nothing.
    fn check_connections(&self, beats: Beats) {
        let now = self.beat.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
        for connection in lock(&self.connections).values() {
            let queue = &connection.queue;
            if connection.is_at_command_limit() {
                // Nobody listens to it just now.
                connection.heard_at.store(now, Ordering::Relaxed);
            }
            if now.wrapping_sub(connection.heard_at.load(Ordering::Relaxed)) > beats.silence {
                queue.close(CloseReason::CLIENT_GONE);
            } else if queue.is_stalled_for(beats.write) {
                queue.close(CloseReason::immediately(CloseCode::TooSlow));
            } else if now.wrapping_sub(connection.pinged_at.load(Ordering::Relaxed)) >= beats.ping {
                connection.pinged_at.store(now, Ordering::Relaxed);
                queue.send(EncodedFrame::control(PING_FRAME));
            }
        }
    }
}

// Nothing under these locks panics half-way through a change, so a poisoned map is still a map.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Times, in beats of a shard.
#[derive(Clone, Copy, Debug)]
struct Beats {
    ping: u32,
    silence: u32,
    write: u32,
}

/// Delivers what concerns one shard, and looks after its connections, until there are no more turns.
pub(crate) async fn serve_shard(
    hub: Arc<Hub>,
    shard: Arc<Shard>,
    mut turns: mpsc::Receiver<DeliveryBatch>,
    timing: Arc<Timing>,
) {
    let length = (timing.ping.min(timing.silence) / 10).clamp(Duration::from_millis(1), LONGEST_BEAT);
    let in_beats = |time: Duration| u32::try_from(time.as_millis().div_ceil(length.as_millis())).unwrap_or(u32::MAX);
    let beats = Beats { ping: in_beats(timing.ping), silence: in_beats(timing.silence), write: in_beats(timing.write) };
    let mut beat = interval(length);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut delivery = Delivery { hub: &hub, shard: &shard, crowds: VecDeque::new(), due: Vec::new() };
    loop {
        select! {
            biased;
            _ = beat.tick() => shard.check_connections(beats),
            turn = turns.recv(), if delivery.waiting() < MOST_FOR_CROWDS => match turn {
                Some(turn) => {
                    delivery.take(&turn);
                    // However fast turns come, crowds are served.
                    delivery.serve_slice();
                }
                None => break,
            },
            () = yield_now(), if !delivery.crowds.is_empty() => {
                delivery.serve_slice();
                // Where cores are few, the store's writer waits for this one.
                thread::yield_now();
            }
        }
    }
    delivery.serve_crowds();
}

/// A shard's work.
struct Delivery<'a> {
    hub: &'a Hub,
    shard: &'a Shard,
    crowds: VecDeque<LargeFanOut>,
    /// Who has something in the queue that is not written yet.
    due: Vec<Arc<Connection>>,
}

/// Something for many.
struct LargeFanOut {
    /// What they hear; `None` for everyone.
    conversation: Option<ConversationId>,
    loads: Vec<QueueEntry>,
    /// `None` before the first is served: whoever has come to hear it by then counts on all that is in here.
    listeners: Option<Vec<Arc<Connection>>>,
    served: usize,
}

impl Delivery<'_> {
    fn take(&mut self, turn: &[DeliveryOp]) {
        for step in turn {
            self.step(step);
        }
        for connection in self.due.drain(..) {
            connection.queue.flush();
        }
    }

    fn step(&mut self, step: &DeliveryOp) {
        match step {
            DeliveryOp::Events(run) => self.run(run),
            DeliveryOp::Reply(connection, item) => {
                if std::ptr::eq(Arc::as_ptr(&connection.shard), self.shard) {
                    if let Some(item) = item {
                        self.push(connection, item.clone());
                    }
                    connection.command_finished();
                }
            }
            DeliveryOp::Conversations { views, .. } => {
                for (user, conversation, item) in views {
                    self.serve_crowds_of(*conversation);
                    for connection in self.connections_of(*user) {
                        connection.subscribe(*conversation);
                        if connection.dialect == Dialect::Full {
                            self.push(&connection, item.clone());
                        }
                    }
                }
            }
            DeliveryOp::ToUser(user, item) => {
                for connection in self.connections_of(*user) {
                    if connection.dialect == Dialect::Full {
                        self.push(&connection, item.clone());
                    }
                }
            }
            DeliveryOp::Unsubscribe(user, room, item) => {
                self.serve_crowds_of(*room);
                for connection in self.connections_of(*user) {
                    connection.unsubscribe(*room);
                    if connection.dialect == Dialect::Full
                        && let Some(item) = item
                    {
                        self.push(&connection, item.clone());
                    }
                }
            }
            DeliveryOp::CloseUser(user, code) => {
                self.serve_crowds();
                for connection in self.connections_of(*user) {
                    // What was pushed in this turn comes before the end of it.
                    connection.queue.flush();
                    connection.queue.close(CloseReason::immediately(*code));
                }
            }
            DeliveryOp::ToEveryone(item) => {
                let loads = vec![QueueEntry::Frame(item.clone())];
                self.crowds.push_back(LargeFanOut { conversation: None, loads, listeners: None, served: 0 });
            }
        }
    }

    fn run(&mut self, run: &Arc<EventBatch>) {
        let of_same = |crowd: &&mut LargeFanOut| crowd.conversation == Some(run.conversation);
        // Behind what is still to be told there; with it, if nobody has been told that yet.
        if let Some(crowd) = self.crowds.iter_mut().rev().find(of_same) {
            if crowd.listeners.is_none() && crowd.bytes() < LARGEST_RUN {
                crowd.loads.push(QueueEntry::Events(Arc::clone(run)));
            } else {
                self.crowd(run);
            }
        } else if self.shard.audience_size(run.conversation) > CROWD {
            self.crowd(run);
        } else {
            let audiences = lock(&self.shard.audiences);
            for connection in audiences.get(&run.conversation).into_iter().flatten() {
                let is_first = match connection.dialect {
                    Dialect::Full => connection.queue.push_batch(run),
                    Dialect::Simple => connection.queue.push_simple_frames(&run.plain, connection.user.id),
                };
                if is_first {
                    self.due.push(Arc::clone(connection));
                }
            }
        }
    }

    fn crowd(&mut self, run: &Arc<EventBatch>) {
        self.crowds.push_back(LargeFanOut {
            conversation: Some(run.conversation),
            loads: vec![QueueEntry::Events(Arc::clone(run))],
            listeners: None,
            served: 0,
        });
    }

    fn push(&mut self, connection: &Arc<Connection>, item: EncodedFrame) {
        if connection.queue.push(item) {
            self.due.push(Arc::clone(connection));
        }
    }

    /// Those of this shard.
    fn connections_of(&self, user: UserId) -> Vec<Arc<Connection>> {
        let mut connections = self.hub.connections_of(user);
        connections.retain(|connection| std::ptr::eq(Arc::as_ptr(&connection.shard), self.shard));
        connections
    }

    /// How much waits for crowds, in bytes.
    fn waiting(&self) -> usize {
        self.crowds.iter().map(LargeFanOut::bytes).sum()
    }

    /// Serves the next slice of the crowd that has waited longest.
    fn serve_slice(&mut self) {
        let Some(mut crowd) = self.crowds.pop_front() else { return };
        if !crowd.serve_slice(self.shard) {
            self.crowds.push_front(crowd);
        }
    }

    /// Before anything that changes who hears the conversation.
    fn serve_crowds_of(&mut self, conversation: ConversationId) {
        while let Some(place) = self.crowds.iter().position(|crowd| crowd.conversation == Some(conversation)) {
            let Some(mut crowd) = self.crowds.remove(place) else { return };
            while !crowd.serve_slice(self.shard) {}
        }
    }

    fn serve_crowds(&mut self) {
        while !self.crowds.is_empty() {
            self.serve_slice();
        }
    }
}

impl LargeFanOut {
    fn bytes(&self) -> usize {
        self.loads.iter().map(QueueEntry::bytes).sum()
    }

    /// Serves the next of them; whether these were the last.
    fn serve_slice(&mut self, shard: &Shard) -> bool {
        let listeners = self.listeners.take().unwrap_or_else(|| match self.conversation {
            Some(conversation) => shard.audience(conversation),
            None => shard.everyone(),
        });
        let end = listeners.len().min(self.served + SLICE);
        for connection in &listeners[self.served..end] {
            self.serve(connection);
        }
        self.served = end;
        let is_done = end == listeners.len();
        self.listeners = Some(listeners);
        is_done
    }

    fn serve(&self, connection: &Connection) {
        if let Dialect::Simple = connection.dialect {
            for load in &self.loads {
                if let QueueEntry::Events(run) = load {
                    connection.queue.push_simple_frames(&run.plain, connection.user.id);
                }
            }
            return connection.queue.flush();
        }
        connection.queue.send_all(&self.loads);
    }
}
