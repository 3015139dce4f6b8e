//! The user registry: who is connected, who hears which conversation, and the only way to write to a connection.
//!
//! Everything here is memory that a restart rebuilds. The locks are plain ones: they are held for look-ups and pushes,
//! never across an `.await`, and delivery to a conversation holds only that conversation's.

mod audiences;
mod connection;
mod delivery;
mod presence;
mod queue;

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use crate::{
    domain::{ConversationId, SessionId, User, UserId},
    protocol::{CloseCode, ServerFrame},
};

use self::{audiences::Audiences, presence::Presence};
use super::peer::Peer;

pub(crate) use connection::{Connection, Entrance, Speech};
pub(crate) use delivery::deliver;
pub(crate) use presence::announce_presence;
pub(crate) use queue::{Closing, Item, SendQueue};

/// Who is connected, and who hears what.
#[derive(Debug)]
pub(crate) struct Hub {
    users: Mutex<HashMap<UserId, Present>>,
    audiences: Audiences,
    presence: Presence,
    /// Numbers connections.
    connections: AtomicU64,
    connections_per_user: Option<usize>,
    /// How much a connection may leave unread, in bytes.
    queue_bytes: usize,
    /// The plain door shows this room's messages as written to everyone.
    lobby: ConversationId,
}

/// A user with at least one connection.
#[derive(Debug)]
struct Present {
    user: User,
    connections: Vec<Arc<Connection>>,
}

/// The user has as many connections as one may have.
#[derive(Debug, thiserror::Error)]
#[error("too many connections of one user")]
pub(crate) struct TooManyConnections;

impl Hub {
    pub(crate) fn new(lobby: ConversationId, connections_per_user: Option<usize>, queue_bytes: usize) -> Self {
        Self {
            users: Mutex::default(),
            audiences: Audiences::default(),
            presence: Presence::default(),
            connections: AtomicU64::new(0),
            connections_per_user,
            queue_bytes,
            lobby,
        }
    }

    /// Registers a connection of `user`, until the guard is dropped.
    pub(crate) fn register(self: &Arc<Self>, user: User, entrance: Entrance) -> Result<Registered, TooManyConnections> {
        let number = self.connections.fetch_add(1, Ordering::Relaxed);
        let mut users = self.users();
        let present =
            users.entry(user.id).or_insert_with(|| Present { user: user.clone(), connections: Vec::with_capacity(1) });
        if self.connections_per_user.is_some_and(|most| present.connections.len() >= most) {
            return Err(TooManyConnections);
        }
        let connection = Arc::new(Connection::new(number, user, entrance, self.queue_bytes));
        present.connections.push(Arc::clone(&connection));
        // A guest who has become a registered user comes as another one than before.
        if present.connections.len() == 1 || present.user != connection.user {
            present.user = connection.user.clone();
            self.presence.arrive(&connection.user);
        }
        Ok(Registered { hub: Arc::clone(self), connection })
    }

    /// From now on the connection hears the conversation.
    pub(crate) fn subscribe(&self, connection: &Arc<Connection>, conversation: ConversationId) {
        connection.while_subscribed(|heard| {
            if heard.insert(conversation) {
                self.audiences.add(conversation, connection);
            }
        });
    }

    /// From now on the connection does not hear the conversation any more.
    fn unsubscribe(&self, connection: &Arc<Connection>, conversation: ConversationId) {
        connection.while_subscribed(|heard| {
            if heard.remove(&conversation) {
                self.audiences.remove(conversation, connection);
            }
        });
    }

    /// Where a user is connected from.
    pub(crate) fn addresses(&self, user: UserId) -> Vec<Peer> {
        self.connections_of(user).iter().map(|connection| connection.peer).collect()
    }

    /// Who is here, as all clients have been told: all, or none while they are too many to list; and how many.
    pub(crate) fn online(&self) -> (Vec<User>, u64) {
        self.presence.announced()
    }

    /// How many connections hear the conversation, and whether one of them is this user's.
    pub(crate) fn audience(&self, conversation: ConversationId, user: UserId) -> Option<usize> {
        let heard = self.connections_of(user).iter().any(|connection| connection.hears(conversation));
        heard.then(|| self.audiences.size(conversation))
    }

    /// Ends the connections of one session.
    pub(crate) fn close_session(&self, user: UserId, session: SessionId, code: CloseCode) {
        for connection in self.connections_of(user).iter().filter(|connection| connection.session == Some(session)) {
            connection.queue.close(Closing::now(code));
        }
    }

    /// Who is here.
    pub(crate) fn present(&self) -> Vec<UserId> {
        self.users().keys().copied().collect()
    }

    /// Ends all connections of a user.
    pub(crate) fn close_user(&self, user: UserId, code: CloseCode) {
        for connection in self.connections_of(user) {
            connection.queue.close(Closing::now(code));
        }
    }

    /// Sends to a conversation's connections, but not to those of `except`.
    pub(crate) fn tell_others(&self, conversation: ConversationId, except: UserId, frame: &ServerFrame) {
        let Some(item) = Item::encode(frame) else { return };
        self.audiences.for_each(conversation, |connection| {
            if connection.user.id != except && connection.speech == Speech::Full {
                connection.queue.push(item.clone());
            }
        });
    }

    fn connections_of(&self, user: UserId) -> Vec<Arc<Connection>> {
        self.users().get(&user).map(|present| present.connections.clone()).unwrap_or_default()
    }

    fn users(&self) -> MutexGuard<'_, HashMap<UserId, Present>> {
        // Nothing under this lock panics half-way through a change.
        self.users.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn leave(&self, connection: &Connection) {
        for conversation in connection.end_subscriptions() {
            self.audiences.remove(conversation, connection);
        }
        let mut users = self.users();
        if let Some(present) = users.get_mut(&connection.user.id) {
            present.connections.retain(|other| other.number != connection.number);
            if present.connections.is_empty() {
                let gone = users.remove(&connection.user.id);
                if let Some(gone) = gone {
                    self.presence.depart(&gone.user);
                }
            }
        }
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
