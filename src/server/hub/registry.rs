//! The users who are online, with their connections.

use std::{
    collections::{HashMap, hash_map::Entry},
    mem,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
};

use tokio::sync::mpsc;

use crate::{
    domain::{ConversationId, User, UserId},
    protocol::MAX_LISTED_ONLINE,
    server::{
        bus::{Bus, UserOnNode},
        hub::{
            batch::{DeliveryBatch, MAX_QUEUED_BATCHES, ShardSenders},
            connections::{Connection, ConnectionOrigin, Dialect, Shard, shrink_if_sparse},
            elsewhere::Cluster,
            presence::AnnouncedPresence,
        },
        store::ReplyTo,
    },
};

/// Who is online, and which shard serves which connection.
#[derive(Debug)]
pub(crate) struct Hub {
    users: Mutex<HashMap<UserId, OnlineUser>>,
    shards: Box<[Arc<Shard>]>,
    /// How many connections speak the simple protocol. While there are none, no frames are encoded for them.
    simple_connections: AtomicUsize,
    presence: AnnouncedPresence,
    /// `None` if no other node shares the store.
    cluster: Option<Cluster>,
    /// How many connections were ever registered; numbers the next one.
    registrations: AtomicU64,
    /// Whether connections are no longer wanted, because the server stops.
    is_stopping: AtomicBool,
    /// How many connections one user may have at a time. `None` for no limit.
    connections_per_user: Option<usize>,
    /// How many unsent bytes a connection may have before it is closed as too slow.
    send_queue_bytes: usize,
}

/// A shard, and the channel on which it receives batches.
type ShardChannel = (Arc<Shard>, mpsc::Receiver<DeliveryBatch>);

/// A user with at least one connection. Most have exactly one.
#[derive(Debug)]
pub(super) struct OnlineUser {
    /// The connection that was opened last. It has the newest profile of the user: a guest who registers, for example,
    /// connects again with another one.
    latest: Arc<Connection>,
    earlier: Vec<Arc<Connection>>,
    /// The user's newest profile, kept when the connection that brought it has closed and the rest have an older one.
    current_identity: Option<Box<User>>,
}

impl OnlineUser {
    pub(super) fn user(&self) -> &User {
        self.current_identity.as_deref().unwrap_or(&self.latest.user)
    }

    pub(super) fn connections(&self) -> impl Iterator<Item = &Arc<Connection>> {
        self.earlier.iter().chain([&self.latest])
    }

    /// What other nodes are told of the user.
    pub(super) fn on_node(&self) -> UserOnNode {
        let mut addresses: Vec<_> = self.connections().map(|connection| connection.client_addr).collect();
        addresses.sort_unstable();
        addresses.dedup();
        UserOnNode { user: self.user().clone(), addresses: addresses.into() }
    }

    /// Removes a connection. Returns whether the user has any left.
    fn remove_connection(&mut self, connection: &Connection) -> bool {
        if self.latest.number == connection.number {
            let Some(latest) = self.earlier.pop() else { return false };
            if self.current_identity.is_none() && latest.user != self.latest.user {
                self.current_identity = Some(Box::new(self.latest.user.clone()));
            }
            self.latest = latest;
            return true;
        }
        self.earlier.retain(|other| other.number != connection.number);
        true
    }
}

/// The user has as many connections as one user may have.
#[derive(Debug, thiserror::Error)]
#[error("too many connections of one user")]
pub(crate) struct TooManyConnections;

impl Hub {
    /// Creates a hub with `shards` shards, at least one.
    pub(crate) fn new(shards: usize, connections_per_user: Option<usize>, send_queue_bytes: usize) -> Self {
        Self {
            users: Mutex::default(),
            shards: (0..shards.max(1)).map(|_| Arc::default()).collect(),
            simple_connections: AtomicUsize::new(0),
            presence: AnnouncedPresence::default(),
            cluster: None,
            registrations: AtomicU64::new(0),
            is_stopping: AtomicBool::new(false),
            connections_per_user,
            send_queue_bytes,
        }
    }

    /// Counts the users of the other nodes as well, if there may be any.
    pub(crate) fn on_bus(self, bus: Arc<dyn Bus>) -> Self {
        Self { cluster: bus.is_shared().then(|| Cluster::new(bus)), ..self }
    }

    /// Registers a connection of `user` until the returned guard is dropped.
    ///
    /// # Errors
    /// [`TooManyConnections`] if the user is at the limit.
    pub(crate) fn register(
        self: &Arc<Self>,
        user: User,
        origin: ConnectionOrigin,
    ) -> Result<Registered, TooManyConnections> {
        let shards = self.shards.len();
        let shard = origin.shard.0 % shards;
        // `find` derives the shard from the number.
        let number = self.registrations.fetch_add(1, Ordering::Relaxed) * shards as u64 + shard as u64;
        let mut users = self.users();
        let entry = users.entry(user.id);
        let limit = self.connections_per_user.unwrap_or(usize::MAX);
        if matches!(&entry, Entry::Occupied(online) if online.get().connections().count() >= limit) {
            return Err(TooManyConnections);
        }
        let shard = Arc::clone(&self.shards[shard]);
        let connection = Arc::new(Connection::new(number, user, origin, shard, self.send_queue_bytes));
        connection.shard.add(&connection);
        // Behind the line above, so that either this or `dismiss_connections` sees what the other has done.
        if self.is_stopping.load(Ordering::SeqCst) {
            connection.dismiss();
        }
        if connection.dialect == Dialect::Simple {
            self.simple_connections.fetch_add(1, Ordering::SeqCst);
        }
        if let Some(cluster) = &self.cluster {
            let mut elsewhere = cluster.elsewhere();
            elsewhere.changed_here(connection.user.id);
            if matches!(entry, Entry::Vacant(_)) {
                elsewhere.came_here(connection.user.id);
            }
        }
        match entry {
            Entry::Vacant(vacant) => {
                let latest = Arc::clone(&connection);
                vacant.insert(OnlineUser { latest, earlier: Vec::new(), current_identity: None });
                self.presence.notify_change();
            }
            Entry::Occupied(mut online) => {
                let online = online.get_mut();
                if *online.user() != connection.user {
                    self.presence.notify_change();
                }
                online.current_identity = None;
                let previous = mem::replace(&mut online.latest, Arc::clone(&connection));
                online.earlier.push(previous);
            }
        }
        Ok(Registered { hub: Arc::clone(self), connection })
    }

    /// Creates the channels to the shards: the sending ends, and each shard with its receiving end, in the order of
    /// their indexes.
    pub(crate) fn shard_channels(&self) -> (ShardSenders, Vec<ShardChannel>) {
        let channel = |shard: &Arc<Shard>| {
            let (sender, receiver) = mpsc::channel(MAX_QUEUED_BATCHES);
            (sender, (Arc::clone(shard), receiver))
        };
        let (senders, receivers) = self.shards.iter().map(channel).unzip();
        (ShardSenders(senders), receivers)
    }

    /// How many connections there are.
    pub(crate) fn connection_count(&self) -> usize {
        self.shards.iter().map(|shard| shard.connection_count()).sum()
    }

    /// Tells up to `count` connections, and all that will still be registered, that the server stops. Returns how many it
    /// told: fewer if no more are left.
    pub(crate) fn dismiss_connections(&self, count: usize) -> usize {
        self.is_stopping.store(true, Ordering::SeqCst);
        self.shards.iter().fold(0, |told, shard| told + shard.dismiss_connections(count - told))
    }

    /// The connection that sent a command, if it is still open.
    pub(super) fn find(&self, ReplyTo(number): ReplyTo) -> Option<Arc<Connection>> {
        let shards = self.shards.len() as u64;
        let shard = usize::try_from(number % shards).ok()?;
        self.shards[shard].find(number)
    }

    pub(super) fn has_simple_connections(&self) -> bool {
        self.simple_connections.load(Ordering::SeqCst) > 0
    }

    /// The users who are online, as all clients were last told, and how many they are. The list is empty if there are
    /// more than [`MAX_LISTED_ONLINE`].
    pub(crate) fn online_users(&self) -> (Vec<User>, u64) {
        self.presence.announced()
    }

    /// Like [`Self::online_users`], but includes `user`, who is signing in, even if that has not been announced yet.
    pub(crate) fn online_users_with(&self, user: &User) -> (Vec<User>, u64) {
        let (mut online, mut count) = self.online_users();
        let is_listed = online.len() as u64 == count && online.len() < MAX_LISTED_ONLINE;
        if is_listed && !online.contains(user) {
            online.push(user.clone());
            count += 1;
        }
        (online, count)
    }

    /// The users who are online at this moment, and how many they are. The map is empty if there are more than
    /// [`MAX_LISTED_ONLINE`].
    pub(super) fn current_presence(&self) -> (HashMap<UserId, User>, usize) {
        let users = self.users();
        let elsewhere = self.cluster.as_ref().map(Cluster::elsewhere);
        let count = users.len() + elsewhere.as_ref().map_or(0, |elsewhere| elsewhere.count_not_here());
        if count > MAX_LISTED_ONLINE {
            return (HashMap::new(), count);
        }
        let mut listed: HashMap<UserId, User> = users.iter().map(|(id, online)| (*id, online.user().clone())).collect();
        for id in elsewhere.iter().flat_map(|elsewhere| elsewhere.user_ids()) {
            let found = elsewhere.iter().flat_map(|elsewhere| elsewhere.find(id));
            if let (Entry::Vacant(vacant), Some(found)) = (listed.entry(id), found.last()) {
                vacant.insert(found.user.clone());
            }
        }
        (listed, count)
    }

    /// How many users are online at this moment.
    pub(crate) fn count_online(&self) -> usize {
        let users = self.users();
        users.len() + self.cluster.as_ref().map_or(0, |cluster| cluster.elsewhere().count_not_here())
    }

    pub(super) fn cluster(&self) -> Option<&Cluster> {
        self.cluster.as_ref()
    }

    pub(super) fn presence(&self) -> &AnnouncedPresence {
        &self.presence
    }

    /// How many connections of all shards are subscribed to a conversation.
    pub(super) fn subscriber_count(&self, conversation: ConversationId) -> usize {
        self.shards.iter().map(|shard| shard.audience_size(conversation)).sum()
    }

    /// The connection of a guest without a session, who is online only as long as that connection lasts.
    pub(crate) fn ephemeral_guest_connection(&self, user: UserId) -> Option<Arc<Connection>> {
        self.connections_of(user).into_iter().find(|connection| connection.is_ephemeral_guest())
    }

    /// The connections of all shards that are subscribed to a conversation.
    pub(super) fn subscribers(&self, conversation: ConversationId) -> Vec<Arc<Connection>> {
        self.shards.iter().flat_map(|shard| shard.audience(conversation)).collect()
    }

    /// Whether the user has a connection here.
    pub(super) fn is_connected(&self, user: UserId) -> bool {
        self.users().contains_key(&user)
    }

    pub(super) fn connections_of(&self, user: UserId) -> Vec<Arc<Connection>> {
        self.users().get(&user).map(|online| online.connections().cloned().collect()).unwrap_or_default()
    }

    pub(super) fn users(&self) -> MutexGuard<'_, HashMap<UserId, OnlineUser>> {
        // No change under this lock leaves the map half-changed when it panics.
        self.users.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn unregister(&self, connection: &Connection) {
        connection.leave_shard();
        if connection.dialect == Dialect::Simple {
            self.simple_connections.fetch_sub(1, Ordering::SeqCst);
        }
        let mut users = self.users();
        let id = connection.user.id;
        let Some(online) = users.get_mut(&id) else { return };
        let before = self.cluster.as_ref().map(|cluster| (cluster, online.on_node()));
        let is_gone = !online.remove_connection(connection);
        if let Some((cluster, user)) = before {
            let mut elsewhere = cluster.elsewhere();
            elsewhere.changed_here(id);
            if is_gone {
                elsewhere.left_here(user);
            }
        }
        if is_gone {
            users.remove(&id);
            shrink_if_sparse(&mut users);
            self.presence.notify_change();
        }
    }

    #[cfg(test)]
    pub(super) fn first_shard(&self) -> &Arc<Shard> {
        &self.shards[0]
    }
}

/// A registered connection. Dropping this unregisters it.
#[derive(Debug)]
pub(crate) struct Registered {
    hub: Arc<Hub>,
    pub(crate) connection: Arc<Connection>,
}

impl Drop for Registered {
    fn drop(&mut self) {
        self.hub.unregister(&self.connection);
    }
}
