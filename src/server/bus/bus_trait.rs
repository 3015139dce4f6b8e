//! The interfaces between a bus and the connections of this process.

use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::{ClientAddr, ConversationId, User, UserId};

/// The way to the other nodes that share the store.
#[async_trait]
pub(crate) trait Bus: Send + Sync {
    /// Whether this node does the periodic work that one node does for all. For a moment, two nodes may think so.
    fn leads(&self) -> bool;

    /// Whether other nodes may share the store.
    fn is_shared(&self) -> bool;

    /// Tells the other nodes that a user is typing. It may get lost. Never waits.
    fn tell_typing(&self, signal: &TypingSignal);

    /// Waits until another node was found to be dead, or this one has begun to do the periodic work.
    async fn node_died(&self);

    /// Exchanges what there is to tell with the other nodes, on behalf of `here`, until the future is dropped.
    async fn run(&self, here: Arc<dyn LocalNode>);
}

/// The connections of this process, for a bus.
pub(crate) trait LocalNode: Send + Sync {
    /// The users who have a connection here. Only later changes are [changes](Self::take_changed) from then on.
    fn users_here(&self) -> Vec<UserId>;

    /// Takes at most `limit` of the users whose connections here have changed.
    fn take_changed(&self, limit: usize) -> Vec<UserId>;

    /// What there is to tell of each of these users; `None` of one who has no connection here.
    fn on_this_node(&self, users: &[UserId]) -> Vec<Option<UserOnNode>>;

    /// Users who left this node stay online until this is called: they may have gone to another node, and that may not have
    /// told yet. `None` means all.
    fn confirm_departures(&self, users: Option<&[UserId]>);

    /// Users have come to another node, have changed there, or (`None`) have left it.
    fn update_node(&self, node: NodeId, users: Vec<(UserId, Option<UserOnNode>)>);

    /// The users of another node, all of them. Others have left it.
    fn retain_on_node(&self, node: NodeId, users: &[UserId]);

    /// Another node is gone, with all its users.
    fn forget_node(&self, node: NodeId);

    /// A user of another node is typing.
    fn receive_typing(&self, signal: TypingSignal);
}

/// Identifies a node as long as it is known to the others without a break.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct NodeId(pub(super) Uuid);

impl NodeId {
    /// Stands for this node.
    pub(crate) const HERE: Self = Self(Uuid::nil());

    pub(super) fn generate() -> Self {
        Self(Uuid::new_v4())
    }
}

/// A user who is online, as one node knows them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct UserOnNode {
    pub(crate) user: User,
    /// The addresses of the user's connections, sorted, each once.
    pub(crate) addresses: Box<[ClientAddr]>,
}

/// A user is typing, and the other members of the conversation are to be told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TypingSignal {
    pub(crate) conversation: ConversationId,
    pub(crate) user: User,
}
