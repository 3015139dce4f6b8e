//! Who is online, as an interface for `chat`.

use std::collections::HashSet;

use crate::{
    domain::{ClientAddr, ConversationId, SessionId, UserId},
    server::hub::registry::{Hub, OnlineUser},
};

/// Answers who is online.
///
/// `chat` asks this trait and never the hub, so that it does not depend on where the connections are.
/// [`Hub`] answers for the connections of this process.
pub(crate) trait PresenceLookup: Send + Sync {
    /// The ids of all users who have at least one connection.
    fn online_user_ids(&self) -> HashSet<UserId>;

    /// Whether the user is online under exactly this nickname.
    fn is_online_as(&self, user: UserId, nickname: &str) -> bool;

    /// The sessions that have at least one connection.
    fn connected_sessions(&self) -> HashSet<SessionId>;

    /// Whether this session of the user has a connection.
    fn is_session_connected(&self, user: UserId, session: SessionId) -> bool;

    /// The client address of each connection of the user.
    fn addresses_of(&self, user: UserId) -> Vec<ClientAddr>;

    /// How many connections are subscribed to the conversation. Returns `None` if none of them belongs to `member`.
    fn audience_size(&self, conversation: ConversationId, member: UserId) -> Option<usize>;
}

impl PresenceLookup for Hub {
    fn online_user_ids(&self) -> HashSet<UserId> {
        self.users().keys().copied().collect()
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
        self.connections_of(user).iter().map(|connection| connection.client_addr).collect()
    }

    fn audience_size(&self, conversation: ConversationId, member: UserId) -> Option<usize> {
        let is_subscribed = self.connections_of(member).iter().any(|connection| connection.is_subscribed(conversation));
        is_subscribed.then(|| self.subscriber_count(conversation))
    }
}
