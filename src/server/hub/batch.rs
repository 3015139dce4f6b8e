//! What the shards are told to deliver.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use crate::{
    domain::{ConversationId, Role, SessionId, User, UserId},
    protocol::CloseCode,
    server::hub::{
        connections::Connection,
        encoded::{EncodedFrame, EventBatch},
    },
};

/// How many batches may wait for one shard. Beyond that, delivery waits for the shard, and reads what it misses from the
/// commit log.
pub(super) const MAX_QUEUED_BATCHES: usize = 4;

/// Operations that all shards carry out in this order. Each shard serves its own connections and skips the rest.
pub(crate) type DeliveryBatch = Arc<Vec<DeliveryOp>>;

/// One step of a [`DeliveryBatch`].
#[derive(Debug)]
pub(crate) enum DeliveryOp {
    /// Sends events of one conversation to all its subscribers.
    Events(Arc<EventBatch>),
    /// Answers a command of a connection. The frame is `None` where the dialect has no positive answers.
    Reply(Arc<Connection>, Option<EncodedFrame>),
    /// Subscribes a user to a conversation, and sends the user's connections the conversation as the user sees it.
    Subscribe(UserId, ConversationId, EncodedFrame),
    /// Sends a frame to all connections of a user.
    ToUser(UserId, EncodedFrame),
    /// Ends the subscription of a user to a conversation, and tells the user's connections.
    Unsubscribe(UserId, ConversationId, Option<EncodedFrame>),
    /// Closes all connections of a user, but those of `later` sessions.
    CloseUser { user: UserId, code: CloseCode, later: Vec<SessionId> },
    /// Closes the connections of a user that know an outdated profile. Clients reconnect at once, with the new one.
    CloseOutdated(UserId, ProfileChange),
    /// Closes the connections of a session of a user, or all of the user's connections, but those of `later` sessions.
    CloseSession { user: UserId, session: Option<SessionId>, code: CloseCode, later: Vec<SessionId> },
    /// Whoever waits for the operations before this one notices when all shards have dropped the batch.
    Delivered { _delivered: oneshot::Sender<()> },
    /// Sends a frame to every connection.
    ToEveryone(EncodedFrame),
}

/// What has changed in a user's profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ProfileChange {
    Registered,
    Role(Role),
}

impl ProfileChange {
    /// Whether this profile is from before the change.
    pub(super) fn is_missing_in(self, user: &User) -> bool {
        match self {
            Self::Registered => !user.registered,
            Self::Role(role) => user.role != role,
        }
    }
}

/// The sending ends of the channels to all shards.
#[derive(Clone, Debug)]
pub(crate) struct ShardSenders(pub(super) Vec<mpsc::Sender<DeliveryBatch>>);

impl ShardSenders {
    /// Hands the operations to all shards. Waits while the channel of one of them is full.
    pub(super) async fn send(&self, operations: Vec<DeliveryOp>) {
        let batch = Arc::new(operations);
        for shard in &self.0 {
            if shard.send(Arc::clone(&batch)).await.is_err() {
                // Shards end only when the server stops.
                tracing::debug!("a shard has ended");
            }
        }
    }
}
