use crate::{
    domain::{Nickname, User},
    server::{
        hub::{ConnectionOrigin, Registered, shard_loop::*},
        net::{client_addr::ClientAddr, shard_index::ShardIndex},
    },
};

fn hub() -> Arc<Hub> {
    Arc::new(Hub::new(ConversationId::generate(), 1, None, 1024 * 1024))
}

fn come_in(hub: &Arc<Hub>, number: usize, rooms: &[ConversationId]) -> Registered {
    let user = User::guest(UserId::generate(), Nickname::parse(&format!("guest {number}")).expect("a name"));
    let peer = ClientAddr::from(std::net::IpAddr::from([127, 0, 0, 1]));
    let entrance =
        ConnectionOrigin { session: None, client_addr: peer, dialect: Dialect::Full, shard: ShardIndex::default() };
    let registered = hub.register(user, entrance).expect("a place");
    for room in rooms {
        registered.connection.subscribe(*room);
    }
    registered
}

fn delivery<'a>(hub: &'a Hub, shard: &'a Shard) -> Delivery<'a> {
    Delivery { hub, shard, crowds: VecDeque::new(), due: Vec::new() }
}

fn run(room: ConversationId, frames: &[(u64, UserId, &str)]) -> DeliveryOp {
    DeliveryOp::Events(Arc::new(EventBatch::for_tests(room, frames)))
}

#[test]
fn who_talks_in_private_does_not_wait_for_a_crowd() {
    let (hub, author) = (hub(), UserId::generate());
    let (square, corner) = (hub.lobby, ConversationId::generate());
    let crowd: Vec<_> = (0..2 * CROWD + 10).map(|number| come_in(&hub, number, &[square])).collect();
    let pair: Vec<_> = (0..2).map(|number| come_in(&hub, 1_000 + number, &[corner])).collect();
    let mut delivery = delivery(&hub, &hub.shards[0]);

    delivery.take(&[run(square, &[(1, author, "a")])]);
    delivery.serve_slice();
    delivery.take(&[run(square, &[(2, author, "b")]), run(corner, &[(1, author, "psst")])]);
    let told = |one: &Registered| one.connection.queue.early_bytes();
    assert!(pair.iter().all(|one| told(one) == b"psst"));
    assert_eq!(crowd.iter().filter(|one| told(one).is_empty()).count(), 2 * CROWD + 10 - SLICE, "their turn comes");

    // In between, each of the crowd gets everything in order.
    delivery.take(&[run(square, &[(3, author, "c")])]);
    while !delivery.crowds.is_empty() {
        delivery.serve_slice();
    }
    assert!(crowd.iter().all(|one| told(one) == b"abc"));
}

#[tokio::test]
async fn a_crowd_is_served_however_fast_turns_come() {
    let (hub, author) = (hub(), UserId::generate());
    let (square, corner) = (hub.lobby, ConversationId::generate());
    let _crowd: Vec<_> = (0..=CROWD).map(|number| come_in(&hub, number, &[square])).collect();
    let last = come_in(&hub, 1_000, &[square, corner]);
    // All of these are there before the first is taken, so there is always another.
    let whispers = "0123456789";
    let (sender, turns) = mpsc::channel(whispers.len() + 1);
    let turn = |step| sender.try_send(Arc::new(vec![step])).expect("room");
    turn(run(square, &[(1, author, "everyone")]));
    whispers.char_indices().for_each(|(at, _)| turn(run(corner, &[(at as u64 + 1, author, &whispers[at..=at])])));
    drop(sender);

    serve_shard(Arc::clone(&hub), Arc::clone(&hub.shards[0]), turns, Arc::new(Timing::default())).await;

    let told = String::from_utf8(last.connection.queue.early_bytes()).expect("text");
    let (before, after) = told.split_once("everyone").expect("it is told");
    assert_eq!([before, after].concat(), whispers);
    assert_eq!(
        before.len(),
        CROWD / SLICE,
        "a slice after each turn, and the last of the crowd is in the one after these"
    );
}

#[test]
fn who_enters_while_a_crowd_waits_misses_nothing() {
    let (hub, author) = (hub(), UserId::generate());
    let square = hub.lobby;
    let _crowd: Vec<_> = (0..2 * CROWD).map(|number| come_in(&hub, number, &[square])).collect();
    let mut delivery = delivery(&hub, &hub.shards[0]);
    delivery.take(&[run(square, &[(1, author, "a")])]);
    delivery.serve_slice();
    delivery.take(&[run(square, &[(2, author, "b")])]);
    // Its snapshot tells of 2, and of nothing after.
    let late = come_in(&hub, 2_000, &[square]);
    delivery.take(&[run(square, &[(3, author, "c")])]);
    delivery.serve_crowds();
    delivery.take(&[run(square, &[(4, author, "d")])]);
    delivery.serve_crowds();
    let told = late.connection.queue.early_bytes();
    assert!(told.ends_with(b"cd"), "{:?}: what is not after the snapshot is left out later", String::from_utf8(told));
}

#[test]
fn who_is_removed_from_a_crowd_hears_what_came_before_and_nothing_after() {
    let (hub, author) = (hub(), UserId::generate());
    let square = hub.lobby;
    let crowd: Vec<_> = (0..=CROWD).map(|number| come_in(&hub, number, &[square])).collect();
    let mut delivery = delivery(&hub, &hub.shards[0]);
    let removed = &crowd[7].connection;
    let item = EncodedFrame::control(axum::body::Bytes::from_static(b"-"));
    delivery.take(&[
        run(square, &[(1, author, "a")]),
        DeliveryOp::Unsubscribe(removed.user.id, square, Some(item)),
        run(square, &[(2, author, "b")]),
    ]);
    delivery.serve_crowds();
    assert_eq!(removed.queue.early_bytes(), b"a-");
    assert_eq!(crowd[8].connection.queue.early_bytes(), b"ab");
}

#[test]
fn whoever_leaves_is_forgotten_everywhere() {
    let hub = hub();
    let (square, corner) = (hub.lobby, ConversationId::generate());
    let all: Vec<_> = (0..5).map(|number| come_in(&hub, number, &[square, corner])).collect();
    assert_eq!(hub.shards[0].audience_size(square), 5);
    drop(all);
    assert!(lock(&hub.shards[0].audiences).is_empty());
    assert!(lock(&hub.shards[0].connections).is_empty());
    assert!(hub.users().is_empty());
}
