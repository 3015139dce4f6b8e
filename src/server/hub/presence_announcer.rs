//! Announces who is online to all clients.

use std::time::Duration;

use tokio::time::sleep;

use crate::server::hub::{
    batch::{DeliveryOp, ShardSenders},
    encoded::EncodedFrame,
    registry::Hub,
};

/// Announces changes until the future is dropped, each at most `interval` after it happened.
pub(crate) async fn announce_presence(hub: &Hub, shards: &ShardSenders, interval: Duration) {
    let announced = hub.presence();
    loop {
        announced.wait_for_change().await;
        sleep(interval).await;
        let (listed, count) = hub.current_presence();
        let frame = announced.update(listed, count).and_then(|frame| EncodedFrame::encode(&frame));
        if let Some(frame) = frame {
            shards.send(vec![DeliveryOp::ToEveryone(frame)]).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{net::IpAddr, sync::Arc};

    use super::*;
    use crate::{
        domain::{ClientAddr, Nickname, User, UserId},
        protocol::{MAX_LISTED_ONLINE, ServerFrame},
        server::{
            hub::{
                connections::{ConnectionOrigin, Dialect},
                registry::Registered,
            },
            net::shard_index::ShardIndex,
        },
    };

    fn hub() -> Arc<Hub> {
        Arc::new(Hub::new(1, None, 1_024))
    }

    fn connect(hub: &Arc<Hub>, user: &User) -> Registered {
        let origin = ConnectionOrigin {
            session: None,
            client_addr: ClientAddr::from(IpAddr::from([127, 0, 0, 1])),
            dialect: Dialect::Full,
            shard: ShardIndex::default(),
        };
        hub.register(user.clone(), origin).expect("no limit")
    }

    fn new_user(number: usize) -> User {
        User::guest(UserId::generate(), Nickname::parse(&format!("user {number}")).expect("a nickname"))
    }

    fn update(hub: &Hub) -> Option<ServerFrame> {
        let (listed, count) = hub.current_presence();
        hub.presence().update(listed, count)
    }

    #[test]
    fn a_user_who_reconnects_within_the_interval_is_not_announced() {
        let hub = hub();
        let ming = new_user(1);
        let first = connect(&hub, &ming);
        assert!(update(&hub).is_some());
        drop(first);
        let _again = connect(&hub, &ming);
        drop(connect(&hub, &new_user(2)));
        assert_eq!(update(&hub), None);
        assert_eq!(hub.online_users(), (vec![ming], 1));
    }

    #[test]
    fn too_many_users_are_only_counted_and_listed_again_when_they_are_fewer() {
        let hub = hub();
        let mut all: Vec<_> = (0..=MAX_LISTED_ONLINE).map(|number| connect(&hub, &new_user(number))).collect();
        let count = all.len() as u64;
        assert_eq!(update(&hub), Some(ServerFrame::Presence { joined: vec![], left: vec![], online_count: count }));
        assert_eq!(hub.online_users(), (vec![], count));

        all.pop();
        let Some(ServerFrame::Presence { joined, left, online_count }) = update(&hub) else {
            panic!("a presence frame");
        };
        assert_eq!((joined.len() as u64, left.len(), online_count), (count - 1, 0, count - 1));
    }

    #[test]
    fn a_user_is_online_until_the_last_connection_closes() {
        let hub = hub();
        let user = new_user(1);
        let first = connect(&hub, &user);
        let registered = User { registered: true, ..user.clone() };
        let second = connect(&hub, &registered);
        assert!(update(&hub).is_some());
        assert_eq!(hub.online_users(), (vec![registered], 1), "the newest profile");
        assert_eq!(hub.connections_of(user.id).len(), 2);
        drop(second);
        assert_eq!(hub.connections_of(user.id).len(), 1);
        drop(first);
        assert!(hub.users().is_empty());
    }

    #[test]
    fn closing_the_newest_tab_keeps_the_current_identity() {
        let hub = hub();
        let user = new_user(1);
        let registered = User { registered: true, ..user.clone() };
        let first = connect(&hub, &user);
        let second = connect(&hub, &user);
        let third = connect(&hub, &registered);
        assert!(update(&hub).is_some());

        drop(third);
        assert_eq!(update(&hub), None);
        drop(second);
        assert_eq!(update(&hub), None);
        assert_eq!(hub.online_users(), (vec![registered], 1));

        let newest = connect(&hub, &user);
        assert!(update(&hub).is_some(), "a new connection brings the newest profile");
        drop(first);
        assert_eq!(update(&hub), None);
        assert_eq!(hub.online_users(), (vec![user], 1));
        drop(newest);
        assert!(hub.users().is_empty());
    }
}
