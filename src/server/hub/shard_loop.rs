//! The task of a shard: delivers batches to the connections of the shard, and checks them.
//!
//! The task first puts every operation of a batch into the queues that it concerns, and then flushes each queue once. A
//! conversation with a large audience would take long, so its audience is served in slices, with other batches in
//! between: a private message does not wait for a room of ten thousand.

#[cfg(test)]
mod tests;

use std::{collections::VecDeque, sync::Arc, thread, time::Duration};

use tokio::{
    select,
    sync::mpsc,
    task::yield_now,
    time::{MissedTickBehavior, interval},
};

use crate::{
    domain::{ConversationId, SessionId, UserId},
    protocol::CloseCode,
    server::{
        config::Timing,
        hub::{
            batch::{DeliveryBatch, DeliveryOp},
            connections::{Connection, Dialect, Shard, TickLimits},
            encoded::{EncodedFrame, EventBatch, MAX_BATCH_BYTES, QueueEntry},
            registry::Hub,
            send_queue::CloseReason,
        },
    },
};

/// An audience with more connections than this is served in slices.
const MAX_UNSLICED_AUDIENCE: usize = 256;

/// How many connections of a large audience are served at a time. One takes some 8 µs when each is written to by
/// itself, and a private message can wait for three slices: when it is read, when its commit is delivered, and when it
/// is written.
const SLICE: usize = 64;

/// How many bytes may wait for large audiences. Beyond that, the shard takes no further batch, so that commits wait in
/// the store's feed, and beyond that in the commit log.
const MAX_FAN_OUT_BYTES: usize = 4 * 1024 * 1024;

/// The longest time between two checks of all connections.
const MAX_TICK: Duration = Duration::from_secs(1);

/// Delivers batches to the connections of one shard and checks them, until there are no more batches.
pub(crate) async fn serve_shard(
    hub: Arc<Hub>,
    shard: Arc<Shard>,
    mut batches: mpsc::Receiver<DeliveryBatch>,
    timing: Arc<Timing>,
) {
    let length = (timing.ping_interval.min(timing.silence_timeout) / 10).clamp(Duration::from_millis(1), MAX_TICK);
    let in_ticks = |time: Duration| u32::try_from(time.as_millis().div_ceil(length.as_millis())).unwrap_or(u32::MAX);
    let limits = TickLimits {
        ping: in_ticks(timing.ping_interval),
        silence: in_ticks(timing.silence_timeout),
        write: in_ticks(timing.write_timeout),
    };
    let mut tick = interval(length);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut delivery = ShardDelivery::new(&hub, &shard);
    loop {
        select! {
            biased;
            _ = tick.tick() => shard.check_connections(limits),
            batch = batches.recv(), if delivery.fan_out_bytes() < MAX_FAN_OUT_BYTES => match batch {
                Some(batch) => {
                    delivery.deliver(&batch);
                    // Large audiences are served however fast batches come.
                    delivery.serve_slice();
                }
                None => break,
            },
            () = yield_now(), if delivery.has_fan_outs() => {
                delivery.serve_slice();
                // With few cores, the store's writer waits for this thread.
                thread::yield_now();
            }
        }
    }
    delivery.finish_fan_outs();
}

/// The state of delivery on one shard.
struct ShardDelivery<'a> {
    hub: &'a Hub,
    shard: &'a Shard,
    /// What is being delivered to large audiences, oldest first.
    fan_outs: VecDeque<LargeFanOut>,
    /// Connections whose queues must be flushed.
    to_flush: Vec<Arc<Connection>>,
}

/// A delivery to a large audience, in slices.
struct LargeFanOut {
    /// The conversation whose subscribers are the audience. `None` for every connection of the full protocol.
    conversation: Option<ConversationId>,
    entries: Vec<QueueEntry>,
    /// `None` until the first slice is served. Whoever subscribes before that is part of the audience and gets all
    /// entries.
    audience: Option<Vec<Arc<Connection>>>,
    /// How many connections of the audience have been served.
    served: usize,
}

impl<'a> ShardDelivery<'a> {
    fn new(hub: &'a Hub, shard: &'a Shard) -> Self {
        Self { hub, shard, fan_outs: VecDeque::new(), to_flush: Vec::new() }
    }

    fn deliver(&mut self, operations: &[DeliveryOp]) {
        for operation in operations {
            self.apply(operation);
        }
        for connection in self.to_flush.drain(..) {
            connection.queue.flush();
        }
    }

    fn apply(&mut self, operation: &DeliveryOp) {
        match operation {
            DeliveryOp::Events(events) => self.deliver_events(events),
            DeliveryOp::Reply(connection, frame) => {
                if self.serves(connection) {
                    if let Some(frame) = frame {
                        self.push(connection, frame.clone());
                    }
                    connection.command_finished();
                }
            }
            DeliveryOp::Subscribe(user, conversation, frame) => {
                self.finish_fan_outs_of(*conversation);
                for connection in self.connections_of(*user) {
                    connection.subscribe(*conversation);
                    self.push_full(&connection, frame);
                }
            }
            DeliveryOp::ToUser(user, frame) => {
                for connection in self.connections_of(*user) {
                    self.push_full(&connection, frame);
                }
            }
            DeliveryOp::Unsubscribe(user, conversation, frame) => {
                self.finish_fan_outs_of(*conversation);
                for connection in self.connections_of(*user) {
                    connection.unsubscribe(*conversation);
                    if let Some(frame) = frame {
                        self.push_full(&connection, frame);
                    }
                }
            }
            DeliveryOp::CloseUser { user, code, later } => {
                self.finish_fan_outs();
                self.close_connections_of(*user, *code, |connection| !is_of(connection, later));
            }
            DeliveryOp::CloseOutdated(user, change) => {
                self.finish_fan_outs();
                self.close_connections_of(*user, CloseCode::COME_BACK, |connection| {
                    change.is_missing_in(&connection.user)
                });
            }
            DeliveryOp::CloseSession { user, session, code, later } => {
                self.close_connections_of(*user, *code, |connection| match session {
                    None => !is_of(connection, later),
                    Some(_) => connection.session == *session,
                });
            }
            DeliveryOp::Delivered { .. } => {}
            DeliveryOp::ToEveryone(frame) => {
                self.fan_outs.push_back(LargeFanOut::new(None, QueueEntry::Frame(frame.clone())));
            }
        }
    }

    fn deliver_events(&mut self, events: &Arc<EventBatch>) {
        let conversation = events.conversation;
        let entry = || QueueEntry::Events(Arc::clone(events));
        let newest = self.fan_outs.iter_mut().rev().find(|fan_out| fan_out.conversation == Some(conversation));
        if let Some(fan_out) = newest {
            // Events of one conversation stay in order: these go behind the ones that are still being delivered, or
            // along with them if nobody has been served yet.
            if fan_out.audience.is_none() && fan_out.bytes() < MAX_BATCH_BYTES {
                fan_out.entries.push(entry());
            } else {
                self.fan_outs.push_back(LargeFanOut::new(Some(conversation), entry()));
            }
        } else if self.shard.audience_size(conversation) > MAX_UNSLICED_AUDIENCE {
            self.fan_outs.push_back(LargeFanOut::new(Some(conversation), entry()));
        } else {
            self.shard.for_each_subscriber(conversation, |connection| {
                let must_flush = match connection.dialect {
                    Dialect::Full => connection.queue.push_batch(events),
                    Dialect::Simple => connection.queue.push_simple_frames(&events.simple, connection.user.id),
                };
                if must_flush {
                    self.to_flush.push(Arc::clone(connection));
                }
            });
        }
    }

    fn push(&mut self, connection: &Arc<Connection>, frame: EncodedFrame) {
        if connection.queue.push(frame) {
            self.to_flush.push(Arc::clone(connection));
        }
    }

    /// Pushes a frame of the full protocol, if the connection speaks that.
    fn push_full(&mut self, connection: &Arc<Connection>, frame: &EncodedFrame) {
        if connection.dialect == Dialect::Full {
            self.push(connection, frame.clone());
        }
    }

    fn serves(&self, connection: &Connection) -> bool {
        std::ptr::eq(Arc::as_ptr(&connection.shard), self.shard)
    }

    /// The user's connections that this shard serves.
    fn connections_of(&self, user: UserId) -> Vec<Arc<Connection>> {
        let mut connections = self.hub.connections_of(user);
        connections.retain(|connection| self.serves(connection));
        connections
    }

    fn close_connections_of(&self, user: UserId, code: CloseCode, concerns: impl Fn(&Connection) -> bool) {
        for connection in self.connections_of(user) {
            if concerns(&connection) {
                // Operations before this one may have pushed frames.
                connection.queue.flush();
                connection.queue.close(CloseReason::immediately(code));
            }
        }
    }

    fn has_fan_outs(&self) -> bool {
        !self.fan_outs.is_empty()
    }

    /// How many bytes wait for large audiences.
    fn fan_out_bytes(&self) -> usize {
        self.fan_outs.iter().map(LargeFanOut::bytes).sum()
    }

    /// Serves the next slice of the oldest fan-out.
    fn serve_slice(&mut self) {
        let Some(mut fan_out) = self.fan_outs.pop_front() else { return };
        if !fan_out.serve_slice(self.shard) {
            self.fan_outs.push_front(fan_out);
        }
    }

    /// Finishes all fan-outs of a conversation. Must come before any change of its subscriptions.
    fn finish_fan_outs_of(&mut self, conversation: ConversationId) {
        while let Some(index) = self.fan_outs.iter().position(|fan_out| fan_out.conversation == Some(conversation)) {
            let Some(mut fan_out) = self.fan_outs.remove(index) else { return };
            while !fan_out.serve_slice(self.shard) {}
        }
    }

    fn finish_fan_outs(&mut self) {
        while self.has_fan_outs() {
            self.serve_slice();
        }
    }
}

/// Whether a connection belongs to one of these sessions.
fn is_of(connection: &Connection, sessions: &[SessionId]) -> bool {
    connection.session.is_some_and(|session| sessions.contains(&session))
}

impl LargeFanOut {
    fn new(conversation: Option<ConversationId>, entry: QueueEntry) -> Self {
        Self { conversation, entries: vec![entry], audience: None, served: 0 }
    }

    fn bytes(&self) -> usize {
        self.entries.iter().map(QueueEntry::bytes).sum()
    }

    /// Serves the next slice of the audience. Returns whether it was the last.
    fn serve_slice(&mut self, shard: &Shard) -> bool {
        let audience = self.audience.take().unwrap_or_else(|| match self.conversation {
            Some(conversation) => shard.audience(conversation),
            None => shard.full_protocol_connections(),
        });
        let end = audience.len().min(self.served + SLICE);
        for connection in &audience[self.served..end] {
            self.serve(connection);
        }
        self.served = end;
        let is_done = end == audience.len();
        self.audience = Some(audience);
        is_done
    }

    fn serve(&self, connection: &Connection) {
        match connection.dialect {
            Dialect::Full => connection.queue.send_all(&self.entries),
            Dialect::Simple => {
                for entry in &self.entries {
                    if let QueueEntry::Events(events) = entry {
                        connection.queue.push_simple_frames(&events.simple, connection.user.id);
                    }
                }
                connection.queue.flush();
            }
        }
    }
}
