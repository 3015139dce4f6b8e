//! The user registry: who is connected, who hears which conversation, and the only way to write to a connection.
//!
//! Everything here is memory that a restart rebuilds. The locks are plain ones: they are held for look-ups, pushes and
//! writes that don't wait, never across an `.await`.
//!
//! What was committed comes through the store's feed; [`deliver`] encodes it once and hands it to the shards, each of
//! which writes to the connections that it serves ([`serve_shard`]).

mod connections;
mod encoded;
mod fan_out;
mod presence;
mod presence_lookup;
mod replayed;
mod send_queue;
mod shard_loop;

use std::{
    collections::{HashMap, hash_map::Entry},
    hash::Hash,
    mem,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

use tokio::sync::mpsc;

use crate::{
    domain::{ConversationId, SessionId, User, UserId},
    protocol::{CloseCode, MAX_LISTED_ONLINE, ServerFrame},
    server::{
        hub::{fan_out::TURNS, presence::PresenceChange, shard_loop::DeliveryBatch},
        store::ReplyTo,
    },
};

pub(crate) use crate::server::hub::connections::{Connection, ConnectionOrigin, Dialect};
pub(crate) use crate::server::hub::encoded::EncodedFrame;
pub(crate) use crate::server::hub::fan_out::{Shards, deliver};
pub(crate) use crate::server::hub::replayed::ReplayedPositions;
pub(crate) use crate::server::hub::send_queue::{CloseReason, SendQueue};
pub(crate) use crate::server::hub::shard_loop::{Shard, serve_shard};
pub(crate) use presence::announce_presence;
pub(crate) use presence_lookup::PresenceLookup;

/// Who is connected, and who hears what.
#[derive(Debug)]
pub(crate) struct Hub {
    users: Mutex<HashMap<UserId, OnlineUser>>,
    shards: Box<[Arc<Shard>]>,
    plain_clients: AtomicUsize,
    presence: PresenceChange,
    /// Numbers connections.
    connections: AtomicU64,
    connections_per_user: Option<usize>,
    /// How much a connection may leave unread, in bytes.
    queue_bytes: usize,
    /// The simple protocol shows this room's messages as written to everyone.
    lobby: ConversationId,
}

/// So much room is kept in any case.
const ROOM_OF_A_FEW: usize = 256;

/// A shard, and what it is to do.
type Work = (Arc<Shard>, mpsc::Receiver<DeliveryBatch>);

/// A user with at least one connection. Most have one.
#[derive(Debug)]
struct OnlineUser {
    /// It tells who the user is by now: a guest who has become a registered user comes as another one than before.
    latest: Arc<Connection>,
    earlier: Vec<Arc<Connection>>,
    /// Who the user is by now, if the connection that told it has gone, and those that are left have an older picture.
    by_now: Option<Box<User>>,
}

impl OnlineUser {
    fn user(&self) -> &User {
        self.by_now.as_deref().unwrap_or(&self.latest.user)
    }

    fn connections(&self) -> impl Iterator<Item = &Arc<Connection>> {
        self.earlier.iter().chain([&self.latest])
    }

    /// Whether any are left.
    fn forget(&mut self, connection: &Connection) -> bool {
        if self.latest.number == connection.number {
            let Some(latest) = self.earlier.pop() else { return false };
            if self.by_now.is_none() && latest.user != self.latest.user {
                self.by_now = Some(Box::new(self.latest.user.clone()));
            }
            self.latest = latest;
            return true;
        }
        self.earlier.retain(|other| other.number != connection.number);
        true
    }
}

/// The user has as many connections as one may have.
#[derive(Debug, thiserror::Error)]
#[error("too many connections of one user")]
pub(crate) struct TooManyConnections;

impl Hub {
    /// A hub of so many shards, one at least.
    pub(crate) fn new(
        lobby: ConversationId,
        shards: usize,
        connections_per_user: Option<usize>,
        queue_bytes: usize,
    ) -> Self {
        Self {
            users: Mutex::default(),
            shards: (0..shards.max(1)).map(|_| Arc::default()).collect(),
            plain_clients: AtomicUsize::new(0),
            presence: PresenceChange::default(),
            connections: AtomicU64::new(0),
            connections_per_user,
            queue_bytes,
            lobby,
        }
    }

    /// Registers a connection of `user`, until the guard is dropped.
    pub(crate) fn register(
        self: &Arc<Self>,
        user: User,
        entrance: ConnectionOrigin,
    ) -> Result<Registered, TooManyConnections> {
        let shards = self.shards.len();
        let shard = entrance.shard.0 % shards;
        // A number tells the shard: see `find`.
        let number = self.connections.fetch_add(1, Ordering::Relaxed) * shards as u64 + shard as u64;
        let mut users = self.users();
        let place = users.entry(user.id);
        let most = self.connections_per_user.unwrap_or(usize::MAX);
        if matches!(&place, Entry::Occupied(present) if present.get().connections().count() >= most) {
            return Err(TooManyConnections);
        }
        let shard = Arc::clone(&self.shards[shard]);
        let connection = Arc::new(Connection::new(number, user, entrance, shard, self.queue_bytes));
        connection.shard.add(&connection);
        if connection.dialect == Dialect::Simple {
            self.plain_clients.fetch_add(1, Ordering::SeqCst);
        }
        match place {
            Entry::Vacant(place) => {
                place.insert(OnlineUser { latest: Arc::clone(&connection), earlier: Vec::new(), by_now: None });
                self.presence.changed();
            }
            Entry::Occupied(mut present) => {
                let present = present.get_mut();
                if *present.user() != connection.user {
                    self.presence.changed();
                }
                present.by_now = None;
                let before = mem::replace(&mut present.latest, Arc::clone(&connection));
                present.earlier.push(before);
            }
        }
        Ok(Registered { hub: Arc::clone(self), connection })
    }

    /// The shards, in the order of their indexes, each with the turns that [`deliver`] and others hand to them all.
    pub(crate) fn shard_channels(&self) -> (Shards, Vec<Work>) {
        let channel = |shard: &Arc<Shard>| {
            let (sender, receiver) = mpsc::channel(TURNS);
            (sender, (Arc::clone(shard), receiver))
        };
        let (senders, receivers) = self.shards.iter().map(channel).unzip();
        (Shards(senders), receivers)
    }

    /// Lets the tasks of all connections look around.
    pub(crate) fn wake_all(&self) {
        self.shards.iter().for_each(|shard| shard.wake_all());
    }

    /// The connection that asked, if it is still here.
    fn find(&self, ReplyTo(number): ReplyTo) -> Option<Arc<Connection>> {
        let shards = self.shards.len() as u64;
        let shard = usize::try_from(number % shards).ok()?;
        self.shards[shard].find(number)
    }

    fn has_plain_clients(&self) -> bool {
        self.plain_clients.load(Ordering::SeqCst) > 0
    }

    /// Who is here, as all clients have been told: all, or none while they are too many to list; and how many.
    pub(crate) fn online_users(&self) -> (Vec<User>, u64) {
        self.presence.announced()
    }

    /// The same for `user`, who is coming in and so is here, even before that was announced.
    pub(crate) fn online_users_with(&self, user: &User) -> (Vec<User>, u64) {
        let (mut online, mut count) = self.online_users();
        let is_listed = online.len() as u64 == count && online.len() < MAX_LISTED_ONLINE;
        if is_listed && !online.contains(user) {
            online.push(user.clone());
            count += 1;
        }
        (online, count)
    }

    /// Ends the connections of one session.
    pub(crate) fn close_session(&self, user: UserId, session: SessionId, code: CloseCode) {
        for connection in self.connections_of(user).iter().filter(|connection| connection.session == Some(session)) {
            connection.queue.close(CloseReason::immediately(code));
        }
    }

    /// The connection of a user who is here for as long as that connection lives.
    pub(crate) fn ephemeral_guest_connection(&self, user: UserId) -> Option<Arc<Connection>> {
        self.connections_of(user).into_iter().find(|connection| connection.is_ephemeral_guest())
    }

    /// Ends all connections of a user.
    pub(crate) fn close_user(&self, user: UserId, code: CloseCode) {
        for connection in self.connections_of(user) {
            connection.queue.close(CloseReason::immediately(code));
        }
    }

    /// Who is here, by id, if they are few enough to be listed; and how many they are.
    fn listed(&self) -> (HashMap<UserId, User>, usize) {
        let users = self.users();
        let is_listed = users.len() <= MAX_LISTED_ONLINE;
        let listed = users.iter().filter(|_| is_listed).map(|(id, present)| (*id, present.user().clone()));
        (listed.collect(), users.len())
    }

    /// Sends to a conversation's connections, but not to those of `except`.
    pub(crate) fn broadcast_except(&self, conversation: ConversationId, except: UserId, frame: &ServerFrame) {
        let Some(item) = EncodedFrame::encode(frame) else { return };
        for connection in self.shards.iter().flat_map(|shard| shard.audience(conversation)) {
            if connection.user.id != except && connection.dialect == Dialect::Full {
                connection.queue.send(item.clone());
            }
        }
    }

    fn connections_of(&self, user: UserId) -> Vec<Arc<Connection>> {
        self.users().get(&user).map(|present| present.connections().cloned().collect()).unwrap_or_default()
    }

    fn users(&self) -> MutexGuard<'_, HashMap<UserId, OnlineUser>> {
        // Nothing under this lock panics half-way through a change.
        self.users.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn leave(&self, connection: &Connection) {
        for conversation in connection.end_subscriptions() {
            connection.shard.unsubscribe(conversation, connection);
        }
        connection.shard.remove(connection);
        connection.shard.has_news.notify_waiters();
        if connection.dialect == Dialect::Simple {
            self.plain_clients.fetch_sub(1, Ordering::SeqCst);
        }
        let mut users = self.users();
        if let Some(present) = users.get_mut(&connection.user.id)
            && !present.forget(connection)
        {
            users.remove(&connection.user.id);
            shrink_if_sparse(&mut users);
            self.presence.changed();
        }
    }
}

/// Maps keep their room for whoever comes next; but not that of a crowd which has gone.
fn shrink_if_sparse<K: Eq + Hash, V>(map: &mut HashMap<K, V>) {
    if map.capacity() > ROOM_OF_A_FEW && map.len() < map.capacity() / 8 {
        map.shrink_to(2 * map.len());
    }
}

/// A connection's place in the hub. Dropping it is leaving.
#[derive(Debug)]
pub(crate) struct Registered {
    hub: Arc<Hub>,
    pub(crate) connection: Arc<Connection>,
}

impl Drop for Registered {
    fn drop(&mut self) {
        self.hub.leave(&self.connection);
    }
}
