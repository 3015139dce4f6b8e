//! What the bus tells the hub, and what it asks.

use std::collections::HashSet;

use crate::{
    domain::UserId,
    server::{
        bus::{LocalNode, NodeId, TypingSignal, UserOnNode},
        hub::registry::{Hub, OnlineUser},
    },
};

/// While so many users are noted, the users of this node wait.
const USERS_AT_ONCE: usize = 1_000;

impl LocalNode for Hub {
    fn users_here(&self) -> Vec<UserId> {
        let users = self.users();
        if let Some(cluster) = self.cluster() {
            cluster.elsewhere().take_changed(usize::MAX);
        }
        users.keys().copied().collect()
    }

    fn take_changed(&self, limit: usize) -> Vec<UserId> {
        self.cluster().map(|cluster| cluster.elsewhere().take_changed(limit)).unwrap_or_default()
    }

    fn on_this_node(&self, users: &[UserId]) -> Vec<Option<UserOnNode>> {
        let here = self.users();
        users.iter().map(|user| here.get(user).map(OnlineUser::on_node)).collect()
    }

    fn confirm_departures(&self, users: Option<&[UserId]>) {
        let Some(cluster) = self.cluster() else { return };
        let users = users.map_or_else(|| cluster.elsewhere().users_of(NodeId::HERE), <[UserId]>::to_vec);
        if !users.is_empty() {
            self.update_node(NodeId::HERE, users.into_iter().map(|user| (user, None)).collect());
        }
    }

    fn update_node(&self, node: NodeId, users: Vec<(UserId, Option<UserOnNode>)>) {
        let Some(cluster) = self.cluster() else { return };
        let mut users = users.into_iter().peekable();
        while users.peek().is_some() {
            let here = self.users();
            let mut elsewhere = cluster.elsewhere();
            for (user, found) in users.by_ref().take(USERS_AT_ONCE) {
                let is_here = here.contains_key(&user);
                match found {
                    Some(found) => elsewhere.insert(node, found, is_here),
                    None => elsewhere.remove(node, user, is_here),
                }
            }
        }
        self.presence().notify_change();
    }

    fn retain_on_node(&self, node: NodeId, users: &[UserId]) {
        let Some(cluster) = self.cluster() else { return };
        let kept: HashSet<UserId> = users.iter().copied().collect();
        let mut gone = cluster.elsewhere().users_of(node);
        gone.retain(|user| !kept.contains(user));
        self.update_node(node, gone.into_iter().map(|user| (user, None)).collect());
    }

    fn forget_node(&self, node: NodeId) {
        self.retain_on_node(node, &[]);
    }

    fn receive_typing(&self, signal: TypingSignal) {
        self.show_typing(signal);
    }
}
