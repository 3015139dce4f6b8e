use std::future::poll_fn;

use axum::body::Bytes;
use futures_util::FutureExt as _;

use crate::{
    domain::{ClientAddr, Nickname, Role, User},
    server::{
        hub::{batch::ProfileChange, connections::ConnectionOrigin, registry::Registered, shard_loop::*},
        net::shard_index::ShardIndex,
    },
};

/// More connections than are served without slices.
const LARGE: usize = 2 * MAX_UNSLICED_AUDIENCE + 10;

fn hub() -> Arc<Hub> {
    Arc::new(Hub::new(1, None, 1024 * 1024))
}

fn connect(hub: &Arc<Hub>, number: usize, conversations: &[ConversationId]) -> Registered {
    let user = User::guest(UserId::generate(), Nickname::parse(&format!("guest {number}")).expect("a nickname"));
    let origin = ConnectionOrigin {
        session: None,
        client_addr: ClientAddr::from(std::net::IpAddr::from([127, 0, 0, 1])),
        dialect: Dialect::Full,
        shard: ShardIndex::default(),
    };
    let registered = hub.register(user, origin).expect("no limit");
    for conversation in conversations {
        registered.connection.subscribe(*conversation);
    }
    registered
}

fn connect_many(hub: &Arc<Hub>, count: usize, conversation: ConversationId) -> Vec<Registered> {
    (0..count).map(|number| connect(hub, number, &[conversation])).collect()
}

fn events(conversation: ConversationId, frames: &[(u64, UserId, &str)]) -> DeliveryOp {
    DeliveryOp::Events(Arc::new(EventBatch::for_tests(conversation, frames)))
}

/// The bytes that were queued for a connection.
fn queued(registered: &Registered) -> Vec<u8> {
    registered.connection.queue.early_bytes()
}

#[test]
fn a_private_message_does_not_wait_for_a_large_audience() {
    let (hub, author) = (hub(), UserId::generate());
    let (room, direct) = (ConversationId::generate(), ConversationId::generate());
    let audience = connect_many(&hub, LARGE, room);
    let pair: Vec<_> = (0..2).map(|number| connect(&hub, 1_000 + number, &[direct])).collect();
    let mut delivery = ShardDelivery::new(&hub, hub.first_shard());

    delivery.deliver(&[events(room, &[(1, author, "a")])]);
    delivery.serve_slice();
    delivery.deliver(&[events(room, &[(2, author, "b")]), events(direct, &[(1, author, "psst")])]);
    assert!(pair.iter().all(|one| queued(one) == b"psst"));
    let waiting = audience.iter().filter(|one| queued(one).is_empty()).count();
    assert_eq!(waiting, LARGE - SLICE, "only one slice has been served");

    // Events that come in between are delivered to everyone in order.
    delivery.deliver(&[events(room, &[(3, author, "c")])]);
    while delivery.has_fan_outs() {
        delivery.serve_slice();
    }
    assert!(audience.iter().all(|one| queued(one) == b"abc"));
}

#[tokio::test]
async fn a_large_audience_is_served_however_fast_batches_come() {
    let (hub, author) = (hub(), UserId::generate());
    let (room, direct) = (ConversationId::generate(), ConversationId::generate());
    let _audience = connect_many(&hub, MAX_UNSLICED_AUDIENCE + 1, room);
    let last = connect(&hub, 1_000, &[room, direct]);
    // All batches are in the channel before the first is received, so the channel is never empty in between.
    let private = "0123456789";
    let (sender, batches) = mpsc::channel(private.len() + 1);
    let send = |operation| sender.try_send(Arc::new(vec![operation])).expect("capacity");
    send(events(room, &[(1, author, "everyone")]));
    private.char_indices().for_each(|(at, _)| send(events(direct, &[(at as u64 + 1, author, &private[at..=at])])));
    drop(sender);

    serve_shard(Arc::clone(&hub), Arc::clone(hub.first_shard()), batches, Arc::new(Timing::default())).await;

    let received = String::from_utf8(queued(&last)).expect("UTF-8");
    let (before, after) = received.split_once("everyone").expect("the message in the room");
    assert_eq!([before, after].concat(), private);
    let slices_before = MAX_UNSLICED_AUDIENCE / SLICE;
    assert_eq!(before.len(), slices_before, "one slice per batch, and this connection is in the slice after these");
}

#[test]
fn a_connection_that_subscribes_during_a_fan_out_misses_nothing() {
    let (hub, author) = (hub(), UserId::generate());
    let room = ConversationId::generate();
    let _audience = connect_many(&hub, LARGE, room);
    let mut delivery = ShardDelivery::new(&hub, hub.first_shard());
    delivery.deliver(&[events(room, &[(1, author, "a")])]);
    delivery.serve_slice();
    delivery.deliver(&[events(room, &[(2, author, "b")])]);
    // The snapshot of this connection includes event 2 and nothing later.
    let late = connect(&hub, 2_000, &[room]);
    delivery.deliver(&[events(room, &[(3, author, "c")])]);
    delivery.finish_fan_outs();
    delivery.deliver(&[events(room, &[(4, author, "d")])]);
    delivery.finish_fan_outs();
    let received = String::from_utf8(queued(&late)).expect("UTF-8");
    assert!(received.ends_with("cd"), "{received:?}: the queue drops what the snapshot includes, later");
}

#[test]
fn a_user_who_is_removed_receives_what_came_before_and_nothing_after() {
    let (hub, author) = (hub(), UserId::generate());
    let room = ConversationId::generate();
    let audience = connect_many(&hub, MAX_UNSLICED_AUDIENCE + 1, room);
    let mut delivery = ShardDelivery::new(&hub, hub.first_shard());
    let removed = &audience[7];
    let frame = EncodedFrame::control(Bytes::from_static(b"-"));
    delivery.deliver(&[
        events(room, &[(1, author, "a")]),
        DeliveryOp::Unsubscribe(removed.connection.user.id, room, Some(frame)),
        events(room, &[(2, author, "b")]),
    ]);
    delivery.finish_fan_outs();
    assert_eq!(queued(removed), b"a-");
    assert_eq!(queued(&audience[8]), b"ab");
}

#[test]
fn a_changed_profile_closes_only_connections_that_do_not_know_it() {
    let hub = hub();
    let member = User::guest(UserId::generate(), Nickname::parse("小明").expect("a nickname"));
    let registered = User { registered: true, ..member.clone() };
    let owner = User { role: Role::Owner, ..registered.clone() };
    let connect = |user: &User| {
        let origin = ConnectionOrigin {
            session: None,
            client_addr: ClientAddr::from(std::net::IpAddr::from([127, 0, 0, 1])),
            dialect: Dialect::Full,
            shard: ShardIndex::default(),
        };
        hub.register(user.clone(), origin).expect("no limit")
    };
    let is_closed = |one: &Registered| poll_fn(|context| one.connection.queue.poll(context)).now_or_never().is_some();
    let all = [&member, &registered, &owner].map(connect);
    let mut delivery = ShardDelivery::new(&hub, hub.first_shard());
    delivery.deliver(&[DeliveryOp::CloseOutdated(member.id, ProfileChange::Registered)]);
    assert_eq!(all.each_ref().map(is_closed), [true, false, false]);
    delivery.deliver(&[DeliveryOp::CloseOutdated(member.id, ProfileChange::Role(Role::Owner))]);
    assert_eq!(all.each_ref().map(is_closed), [true, true, false]);
}

#[test]
fn a_connection_that_leaves_is_removed_from_everything() {
    let hub = hub();
    let (room, direct) = (ConversationId::generate(), ConversationId::generate());
    let all: Vec<_> = (0..5).map(|number| connect(&hub, number, &[room, direct])).collect();
    assert_eq!(hub.subscriber_count(room), 5);
    drop(all);
    assert!(hub.first_shard().is_empty());
    assert!(hub.users().is_empty());
}
