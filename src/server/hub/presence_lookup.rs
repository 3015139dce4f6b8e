//! Who is online, as an interface for `chat`.

use std::collections::HashSet;

use crate::{
    domain::{ClientAddr, ConversationId, SessionId, UserId},
    server::hub::{
        elsewhere::Cluster,
        registry::{Hub, OnlineUser},
    },
};

/// Answers who is online.
///
/// `chat` asks this trait and never the hub, so that it does not depend on where the connections are.
/// [`Hub`] answers for its own connections, and for users also with what other nodes have told.
pub(crate) trait PresenceLookup: Send + Sync {
    /// The ids of all users who have at least one connection.
    fn online_user_ids(&self) -> HashSet<UserId>;

    /// Whether the user has at least one connection.
    fn is_online(&self, user: UserId) -> bool;

    /// Whether the user has a connection to this process under exactly this nickname. What other nodes have told is too old to
    /// rely on: users who have given the nickname up may still count as online there.
    fn is_online_as(&self, user: UserId, nickname: &str) -> bool;

    /// The sessions that have at least one connection to this process.
    fn connected_sessions(&self) -> HashSet<SessionId>;

    /// Whether this session of the user has a connection to this process. Other nodes save that theirs are in use.
    fn is_session_connected(&self, user: UserId, session: SessionId) -> bool;

    /// The client addresses of the user's connections; some may be there several times.
    fn addresses_of(&self, user: UserId) -> Vec<ClientAddr>;

    /// How many connections to this process are subscribed to the conversation. Returns `None` if none of them belongs to `member`.
    fn audience_size(&self, conversation: ConversationId, member: UserId) -> Option<usize>;
}

impl PresenceLookup for Hub {
    fn online_user_ids(&self) -> HashSet<UserId> {
        let users = self.users();
        let elsewhere = self.cluster().map(Cluster::elsewhere);
        users.keys().copied().chain(elsewhere.iter().flat_map(|elsewhere| elsewhere.user_ids())).collect()
    }

    fn is_online(&self, user: UserId) -> bool {
        self.is_connected(user) || self.cluster().is_some_and(|cluster| !cluster.elsewhere().find(user).is_empty())
    }

    fn is_online_as(&self, user: UserId, nickname: &str) -> bool {
        self.users().get(&user).is_some_and(|online| online.user().nickname.as_str() == nickname)
    }

    fn connected_sessions(&self) -> HashSet<SessionId> {
        let users = self.users();
        users.values().flat_map(OnlineUser::connections).filter_map(|connection| connection.session).collect()
    }

    fn is_session_connected(&self, user: UserId, session: SessionId) -> bool {
        self.connections_of(user).iter().any(|connection| connection.session == Some(session))
    }

    fn addresses_of(&self, user: UserId) -> Vec<ClientAddr> {
        let mut addresses: Vec<_> = self.connections_of(user).iter().map(|connection| connection.client_addr).collect();
        if let Some(cluster) = self.cluster() {
            addresses.extend(cluster.elsewhere().find(user).into_iter().flat_map(|found| &found.addresses));
        }
        addresses
    }

    fn audience_size(&self, conversation: ConversationId, member: UserId) -> Option<usize> {
        let is_subscribed = self.connections_of(member).iter().any(|connection| connection.is_subscribed(conversation));
        is_subscribed.then(|| self.subscriber_count(conversation))
    }
}
