//! Who is here, told to everybody at most once an interval.
//!
//! Every client knows exactly what was announced: `welcome` gives the announced state, and each presence frame the step
//! to the next one. So a reload, which leaves and comes back within the interval, is not told at all.

use std::{
    collections::HashMap,
    mem,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::Notify, time::sleep};

use crate::{
    domain::{User, UserId},
    protocol::ServerFrame,
    server::hub::{EncodedFrame, Hub, fan_out::Shards, shard_loop::DeliveryOp},
};

#[derive(Debug, Default)]
pub(super) struct PresenceChange {
    /// A plain mutex, held for a look-up or, once an interval, a comparison.
    announced: Mutex<Announced>,
    changed: Notify,
}

/// What all clients know.
#[derive(Debug, Default)]
struct Announced {
    /// Empty while too many were here to be listed.
    listed: HashMap<UserId, User>,
    /// How many are here.
    count: usize,
}

impl PresenceChange {
    /// Somebody has come, gone, or become somebody else.
    pub(super) fn changed(&self) {
        self.changed.notify_one();
    }

    pub(super) fn announced(&self) -> (Vec<User>, u64) {
        let announced = self.lock();
        (announced.listed.values().cloned().collect(), announced.count as u64)
    }

    /// The step from what was announced to what is: those who are here, unless they are too many, and how many.
    fn step(&self, now: HashMap<UserId, User>, count: usize) -> Option<ServerFrame> {
        let mut announced = self.lock();
        let before = mem::replace(&mut announced.listed, now);
        let joined: Vec<User> =
            announced.listed.values().filter(|user| before.get(&user.id) != Some(user)).cloned().collect();
        let left: Vec<UserId> = before.into_keys().filter(|id| !announced.listed.contains_key(id)).collect();
        let unchanged = joined.is_empty() && left.is_empty() && count == announced.count;
        announced.count = count;
        (!unchanged).then_some(ServerFrame::Presence { joined, left, online_count: count as u64 })
    }

    fn lock(&self) -> MutexGuard<'_, Announced> {
        // Nothing under this lock panics half-way through a change.
        self.announced.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Announces changes until it is dropped, each at most `interval` after it happened.
pub(crate) async fn announce_presence(hub: &Hub, shards: &Shards, interval: Duration) {
    loop {
        hub.presence.changed.notified().await;
        sleep(interval).await;
        let (now, count) = hub.listed();
        let Some(item) = hub.presence.step(now, count).and_then(|frame| EncodedFrame::encode(&frame)) else { continue };
        shards.take(vec![DeliveryOp::ToEveryone(item)]).await;
    }
}

#[cfg(test)]
mod tests {
    use std::{net::IpAddr, sync::Arc};

    use crate::{
        domain::{ConversationId, Nickname},
        protocol::MAX_LISTED_ONLINE,
    };
    use {
        super::{
            super::{ConnectionOrigin, Dialect, Registered},
            *,
        },
        crate::server::net::{client_addr::ClientAddr, shard_index::ShardIndex},
    };

    fn come_in(hub: &Arc<Hub>, number: usize) -> Registered {
        let nickname = Nickname::parse(&format!("user {number}")).expect("a nickname");
        let peer = ClientAddr::from(IpAddr::from([127, 0, 0, 1]));
        let entrance =
            ConnectionOrigin { session: None, client_addr: peer, dialect: Dialect::Full, shard: ShardIndex::default() };
        hub.register(User::guest(UserId::generate(), nickname), entrance).expect("a place")
    }

    fn hub() -> Arc<Hub> {
        Arc::new(Hub::new(ConversationId::generate(), 1, None, 1_024))
    }

    fn step(hub: &Hub) -> Option<ServerFrame> {
        let (now, count) = hub.listed();
        hub.presence.step(now, count)
    }

    #[test]
    fn who_comes_back_at_once_was_never_away() {
        let hub = hub();
        let first = come_in(&hub, 1);
        let ming = first.connection.user.clone();
        assert!(step(&hub).is_some());
        let (session, peer) = (None, first.connection.client_addr);
        drop(first);
        let entrance =
            ConnectionOrigin { session, client_addr: peer, dialect: Dialect::Full, shard: ShardIndex::default() };
        let _again = hub.register(ming.clone(), entrance).expect("a place");
        drop(come_in(&hub, 2));
        assert_eq!(step(&hub), None);
        assert_eq!(hub.online_users(), (vec![ming], 1));
    }

    #[test]
    fn a_crowd_is_counted_not_listed_and_listed_again_when_it_thins_out() {
        let hub = hub();
        let mut crowd: Vec<_> = (0..=MAX_LISTED_ONLINE).map(|number| come_in(&hub, number)).collect();
        let count = crowd.len() as u64;
        assert_eq!(step(&hub), Some(ServerFrame::Presence { joined: vec![], left: vec![], online_count: count }));
        assert_eq!(hub.online_users(), (vec![], count));

        crowd.pop();
        let Some(ServerFrame::Presence { joined, left, online_count }) = step(&hub) else {
            panic!("everybody is told");
        };
        assert_eq!((joined.len() as u64, left.len(), online_count), (count - 1, 0, count - 1));
    }

    #[test]
    fn who_has_several_connections_is_here_until_the_last_has_gone() {
        let hub = hub();
        let first = come_in(&hub, 1);
        let user = first.connection.user.clone();
        let peer = first.connection.client_addr;
        let entrance =
            ConnectionOrigin { session: None, client_addr: peer, dialect: Dialect::Full, shard: ShardIndex::default() };
        let renamed = User { registered: true, ..user.clone() };
        let second = hub.register(renamed.clone(), entrance).expect("a place");
        assert!(step(&hub).is_some());
        assert_eq!(hub.online_users(), (vec![renamed], 1), "as they came last");
        assert_eq!(hub.connections_of(user.id).len(), 2);
        drop(second);
        assert_eq!(hub.connections_of(user.id).len(), 1);
        drop(first);
        assert!(hub.users().is_empty());
    }

    #[test]
    fn who_closes_the_newest_tab_does_not_become_who_they_were_before() {
        let hub = hub();
        let first = come_in(&hub, 1);
        let (user, peer) = (first.connection.user.clone(), first.connection.client_addr);
        let claimed = User { registered: true, ..user.clone() };
        let entrance =
            ConnectionOrigin { session: None, client_addr: peer, dialect: Dialect::Full, shard: ShardIndex::default() };
        let again = |user: &User| hub.register(user.clone(), entrance).expect("a place");
        let second = again(&user);
        let third = again(&claimed);
        assert!(step(&hub).is_some());

        drop(third);
        assert_eq!(step(&hub), None);
        drop(second);
        assert_eq!(step(&hub), None);
        assert_eq!(hub.online_users(), (vec![claimed], 1));

        let released = again(&user);
        assert!(step(&hub).is_some(), "who comes in anew tells who they are");
        drop(first);
        assert_eq!(step(&hub), None);
        assert_eq!(hub.online_users(), (vec![user], 1));
        drop(released);
        assert!(hub.users().is_empty());
    }
}
