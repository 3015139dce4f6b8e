//! Who is online on other nodes, as the bus tells it.
//!
//! Users who have just left this node count as online for a moment longer: most of them only go to another node, or reload the
//! page, and nobody should be told that.

use std::{
    collections::{HashMap, HashSet},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{
    domain::UserId,
    server::{
        bus::{Bus, NodeId, UserOnNode},
        hub::connections::shrink_if_sparse,
    },
};

/// The other nodes, and the way to them.
pub(super) struct Cluster {
    pub(super) bus: Arc<dyn Bus>,
    /// Locked only while no other lock is taken afterwards.
    elsewhere: Mutex<Elsewhere>,
}

/// Who is online elsewhere, and what the bus is yet to tell about this node.
#[derive(Debug, Default)]
pub(super) struct Elsewhere {
    /// The users of each node. Under [`NodeId::HERE`] are those who have just left this one.
    nodes: HashMap<NodeId, HashMap<UserId, UserOnNode>>,
    /// On how many of those nodes each user is.
    users: HashMap<UserId, u32>,
    /// How many of these users have a connection here, too.
    here_too: usize,
    /// Users whose connections here have changed since the bus last took them.
    changed: HashSet<UserId>,
}

impl Cluster {
    pub(super) fn new(bus: Arc<dyn Bus>) -> Self {
        Self { bus, elsewhere: Mutex::default() }
    }

    pub(super) fn elsewhere(&self) -> MutexGuard<'_, Elsewhere> {
        // No change under this lock leaves it half-changed when it panics.
        self.elsewhere.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cluster").field("elsewhere", &self.elsewhere).finish_non_exhaustive()
    }
}

impl Elsewhere {
    /// A connection of a user here was opened or closed.
    pub(super) fn changed_here(&mut self, user: UserId) {
        self.changed.insert(user);
    }

    /// Takes at most `limit` users whose connections here have changed.
    pub(super) fn take_changed(&mut self, limit: usize) -> Vec<UserId> {
        if self.changed.len() <= limit {
            return std::mem::take(&mut self.changed).into_iter().collect();
        }
        let taken: Vec<UserId> = self.changed.iter().take(limit).copied().collect();
        taken.iter().for_each(|user| {
            self.changed.remove(user);
        });
        taken
    }

    /// A user had no connection here, and has one now.
    pub(super) fn came_here(&mut self, user: UserId) {
        self.remove(NodeId::HERE, user, false);
        self.here_too += usize::from(self.users.contains_key(&user));
    }

    /// A user has closed the last connection here.
    pub(super) fn left_here(&mut self, user: UserOnNode) {
        self.here_too -= usize::from(self.users.contains_key(&user.user.id));
        self.insert(NodeId::HERE, user, false);
    }

    /// A user is online on a node. `is_here`: whether the user has a connection here.
    pub(super) fn insert(&mut self, node: NodeId, user: UserOnNode, is_here: bool) {
        let id = user.user.id;
        if self.nodes.entry(node).or_default().insert(id, user).is_none() {
            let nodes = self.users.entry(id).or_default();
            *nodes += 1;
            self.here_too += usize::from(*nodes == 1 && is_here);
        }
    }

    /// A user has left a node.
    pub(super) fn remove(&mut self, node: NodeId, user: UserId, is_here: bool) {
        let Some(on_node) = self.nodes.get_mut(&node) else { return };
        if on_node.remove(&user).is_none() {
            return;
        }
        if on_node.is_empty() {
            self.nodes.remove(&node);
        } else {
            shrink_if_sparse(on_node);
        }
        let Some(nodes) = self.users.get_mut(&user) else { return };
        *nodes -= 1;
        if *nodes == 0 {
            self.users.remove(&user);
            shrink_if_sparse(&mut self.users);
            self.here_too -= usize::from(is_here);
        }
    }

    /// The users of a node.
    pub(super) fn users_of(&self, node: NodeId) -> Vec<UserId> {
        self.nodes.get(&node).map(|users| users.keys().copied().collect()).unwrap_or_default()
    }

    /// How many users are online elsewhere and not here.
    pub(super) fn count_not_here(&self) -> usize {
        self.users.len() - self.here_too
    }

    pub(super) fn user_ids(&self) -> impl Iterator<Item = UserId> {
        self.users.keys().copied()
    }

    /// What each node knows of a user, in the order of the nodes' ids.
    pub(super) fn find(&self, user: UserId) -> Vec<&UserOnNode> {
        if !self.users.contains_key(&user) {
            return Vec::new();
        }
        let mut found: Vec<_> =
            self.nodes.iter().filter_map(|(node, users)| Some((*node, users.get(&user)?))).collect();
        found.sort_unstable_by_key(|(node, _)| *node);
        found.into_iter().map(|(_, found)| found).collect()
    }
}
