use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    runtime::{Builder, Handle, Runtime},
    task::JoinHandle,
    time::{interval, timeout},
};

use crate::{
    domain::{ClientAddr, ConversationId, Nickname, SessionId, User, UserId},
    server::{
        bus::{
            bus_trait::{Bus, LocalNode, NodeId, TypingSignal, UserOnNode},
            postgres::{lease::Rhythm, postgres_bus::PostgresBus},
        },
        hub::{ConnectionOrigin, Dialect, Hub, PresenceLookup as _, Registered},
        net::shard_index::ShardIndex,
        store::TestDatabase,
    },
};

/// Nodes count as dead soon, so that tests are.
const RHYTHM: Rhythm = Rhythm { interval: Duration::from_millis(25), lease: Duration::from_millis(600) };

/// Waits until something is true.
async fn eventually(what: &str, mut is_true: impl FnMut() -> bool) {
    let waiting = async {
        let mut looks = interval(Duration::from_millis(5));
        while !is_true() {
            looks.tick().await;
        }
    };
    timeout(Duration::from_secs(30), waiting).await.unwrap_or_else(|_| panic!("{what}"));
}

/// A node: its connections, and its bus.
struct Node {
    hub: Arc<Hub>,
    bus: Arc<PostgresBus>,
    running: JoinHandle<()>,
}

/// A thread of its own for a node, which can be frozen without the rest of the test.
struct NodeThread(Option<Runtime>);

impl NodeThread {
    fn start() -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build();
        Self(Some(runtime.expect("a thread")))
    }
}

impl Drop for NodeThread {
    fn drop(&mut self) {
        self.0.take().into_iter().for_each(Runtime::shutdown_background);
    }
}

impl Node {
    fn start(database: &TestDatabase) -> Self {
        Self::start_on(&Handle::current(), database, |hub| hub)
    }

    /// Starts a node whose bus sees the hub as `seen` shows it.
    fn start_on<L: LocalNode + 'static>(
        runtime: &Handle,
        database: &TestDatabase,
        seen: impl FnOnce(Arc<Hub>) -> Arc<L>,
    ) -> Self {
        let bus = Arc::new(PostgresBus::with_rhythm(database.database(), RHYTHM));
        let hub = Arc::new(Hub::new(1, None, 1024 * 1024).on_bus(Arc::<PostgresBus>::clone(&bus)));
        let (here, exchange) = (seen(Arc::clone(&hub)), Arc::clone(&bus));
        let running = runtime.spawn(async move { exchange.run(here).await });
        Self { hub, bus, running }
    }

    fn connect(&self, user: &User, address: u8) -> Registered {
        let origin = ConnectionOrigin {
            session: Some(SessionId::generate()),
            client_addr: ClientAddr::from(IpAddr::from([192, 0, 2, address])),
            dialect: Dialect::Full,
            shard: ShardIndex::default(),
        };
        self.hub.register(user.clone(), origin).expect("no limit")
    }

    async fn sees(&self, count: usize) {
        eventually(&format!("{count} users are online"), || self.hub.count_online() == count).await;
        assert_eq!(self.hub.online_user_ids().len(), count);
    }

    /// Ends the bus as the end of the process would.
    fn kill(&self) {
        self.running.abort();
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.kill();
    }
}

fn user(name: &str) -> User {
    User::guest(UserId::generate(), Nickname::parse(name).expect("a nickname"))
}

async fn nodes<const COUNT: usize>() -> (TestDatabase, [Node; COUNT]) {
    let database = TestDatabase::with_tables().await;
    let nodes = std::array::from_fn(|_| Node::start(&database));
    (database, nodes)
}

#[tokio::test]
async fn everybody_knows_who_is_online_on_any_node() {
    let (_database, [first, second]) = nodes().await;
    let (ming, hong) = (user("小明"), user("小红"));
    let at_first = first.connect(&ming, 1);
    let at_second = [second.connect(&hong, 2), second.connect(&ming, 3)];
    first.sees(2).await;
    second.sees(2).await;
    eventually("both addresses", || second.hub.addresses_of(ming.id).len() == 2).await;

    // A profile that has changed.
    let registered = User { registered: true, ..hong.clone() };
    let renewed = second.connect(&registered, 2);
    let [hong_at_second, ming_at_second] = at_second;
    drop(ming_at_second);
    eventually("one address is left", || second.hub.addresses_of(ming.id).len() == 1).await;
    second.sees(2).await;
    drop(at_first);
    second.sees(1).await;
    first.sees(1).await;
    drop((renewed, hong_at_second));
    first.sees(0).await;
}

#[tokio::test]
async fn whoever_goes_to_another_node_is_online_all_the_time() {
    let (_database, [first, second, third]) = nodes().await;
    let ming = user("小明");
    let mut connection = first.connect(&ming, 1);
    third.sees(1).await;
    for round in 0..20 {
        let (from, to) = if round % 2 == 0 { (&first, &second) } else { (&second, &first) };
        drop(connection);
        connection = to.connect(&ming, 2);
        let moved = || {
            assert_eq!([&first, &second, &third].map(|node| node.hub.count_online()), [1; 3], "round {round}");
            from.hub.addresses_of(ming.id).len() == 1 && third.hub.addresses_of(ming.id).len() == 1
        };
        eventually("the user has moved", moved).await;
    }
}

#[tokio::test]
async fn the_users_of_a_dead_node_are_gone_and_another_node_leads() {
    let (_database, [first, second]) = nodes().await;
    let nodes = [&first, &second];
    let _connections = [first.connect(&user("小明"), 1), second.connect(&user("小红"), 2)];
    first.sees(2).await;
    second.sees(2).await;
    eventually("one node leads", || nodes.iter().any(|node| node.bus.leads())).await;
    let leader = usize::from(!first.bus.leads());
    assert!(!nodes[1 - leader].bus.leads(), "only one leads");

    nodes[leader].kill();
    let survivor = nodes[1 - leader];
    timeout(Duration::from_secs(30), survivor.bus.node_died()).await.expect("the death is noticed");
    survivor.sees(1).await;
    eventually("the survivor leads", || survivor.bus.leads()).await;
}

/// A hub that the bus finds frozen while a test holds the lock.
struct Freezer {
    hub: Arc<Hub>,
    ice: Arc<Mutex<()>>,
}

impl Freezer {
    fn pass(&self) -> MutexGuard<'_, ()> {
        self.ice.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LocalNode for Freezer {
    fn users_here(&self) -> Vec<UserId> {
        self.hub.users_here()
    }

    fn take_changed(&self, limit: usize) -> Vec<UserId> {
        drop(self.pass());
        self.hub.take_changed(limit)
    }

    fn on_this_node(&self, users: &[UserId]) -> Vec<Option<UserOnNode>> {
        self.hub.on_this_node(users)
    }

    fn confirm_departures(&self, users: Option<&[UserId]>) {
        self.hub.confirm_departures(users);
    }

    fn update_node(&self, node: NodeId, users: Vec<(UserId, Option<UserOnNode>)>) {
        self.hub.update_node(node, users);
    }

    fn retain_on_node(&self, node: NodeId, users: &[UserId]) {
        self.hub.retain_on_node(node, users);
    }

    fn forget_node(&self, node: NodeId) {
        self.hub.forget_node(node);
    }

    fn receive_typing(&self, signal: TypingSignal) {
        self.hub.receive_typing(signal);
    }
}

#[tokio::test]
async fn a_node_that_was_frozen_is_gone_and_comes_back_with_all_its_users() {
    let database = TestDatabase::with_tables().await;
    let ice = Arc::new(Mutex::new(()));
    let thread = NodeThread::start();
    let runtime = thread.0.as_ref().expect("a thread that runs").handle();
    let frozen = Node::start_on(runtime, &database, |hub| Arc::new(Freezer { hub, ice: Arc::clone(&ice) }));
    let _connections: Vec<_> =
        (1..=3).map(|number| frozen.connect(&user(&format!("guest {number}")), number)).collect();
    eventually("the frozen node leads", || frozen.bus.leads()).await;
    let other = Node::start(&database);
    other.sees(3).await;
    let _hong = other.connect(&user("小红"), 9);
    frozen.sees(4).await;
    {
        let _frost = ice.lock();
        other.sees(1).await;
        assert!(!frozen.bus.leads(), "a node that was frozen does not go on as the leader");
    }
    other.sees(4).await;
    frozen.sees(4).await;
}

#[tokio::test]
async fn nobody_goes_when_the_database_has_crashed_and_forgotten_all_nodes() {
    let (database, [first, second]) = nodes().await;
    let _connections = [first.connect(&user("小明"), 1), second.connect(&user("小红"), 2)];
    first.sees(2).await;
    second.sees(2).await;
    let client = database.client().await;
    client.batch_execute("TRUNCATE nodes, online").await.expect("a truncation");
    let told = "SELECT count(*), (SELECT count(*) FROM nodes WHERE node <> '00000000-0000-0000-0000-000000000000')
        FROM online";
    let mut looks = interval(Duration::from_millis(5));
    loop {
        assert_eq!((first.hub.count_online(), second.hub.count_online()), (2, 2));
        let row = client.query_one(told, &[]).await.expect("counts");
        if (row.get::<_, i64>(0), row.get::<_, i64>(1)) == (2, 2) {
            break;
        }
        looks.tick().await;
    }
    let is_complete = "SELECT count(*) FROM nodes WHERE node = '00000000-0000-0000-0000-000000000000'";
    while client.query_one(is_complete, &[]).await.expect("a count").get::<_, i64>(0) == 0 {
        looks.tick().await;
    }
    first.sees(2).await;
    second.sees(2).await;
}

#[tokio::test]
async fn nobody_goes_when_connections_to_the_database_end() {
    let (database, [first, second]) = nodes().await;
    let ming = first.connect(&user("小明"), 1);
    let _hong = second.connect(&user("小红"), 2);
    first.sees(2).await;
    second.sees(2).await;
    let client = database.client().await;
    let end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND query <> ''";
    for _ in 0..3 {
        let ended: i64 = client.query_one(end, &[]).await.expect("connections").get(0);
        assert!(ended > 0);
        let mut looks = interval(Duration::from_millis(20));
        for _ in 0..50 {
            assert_eq!((first.hub.count_online(), second.hub.count_online()), (2, 2));
            looks.tick().await;
        }
    }
    drop(ming);
    second.sees(1).await;
    eventually("a node leads", || first.bus.leads() || second.bus.leads()).await;
}

#[tokio::test]
async fn typing_is_shown_to_members_on_other_nodes() {
    let (_database, [first, second]) = nodes().await;
    let (ming, hong, room) = (user("小明"), user("小红"), ConversationId::generate());
    let at_first = first.connect(&ming, 1);
    let at_second = [second.connect(&ming, 1), second.connect(&hong, 2)];
    let elsewhere = second.connect(&user("小刚"), 3);
    at_second.iter().for_each(|connection| connection.connection.subscribe_to_memberships(&[room]));
    first.sees(3).await;
    second.sees(3).await;

    let frames = |registered: &Registered| {
        String::from_utf8_lossy(&registered.connection.queue.early_bytes()).matches("typing").count()
    };
    let [ming_at_second, hong_at_second] = &at_second;
    // A bus may not listen yet.
    eventually("typing arrives", || {
        first.hub.announce_typing(TypingSignal { conversation: room, user: ming.clone() });
        frames(hong_at_second) > 0
    })
    .await;
    assert_eq!([&at_first, ming_at_second, &elsewhere].map(frames), [0; 3], "neither the user nor others are told");
}

/// A node with many users and no connections.
struct Crowd(Mutex<(HashMap<UserId, User>, Vec<UserId>)>);

impl Crowd {
    fn users(&self) -> MutexGuard<'_, (HashMap<UserId, User>, Vec<UserId>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LocalNode for Crowd {
    fn users_here(&self) -> Vec<UserId> {
        self.users().0.keys().copied().collect()
    }

    fn take_changed(&self, limit: usize) -> Vec<UserId> {
        let changed = &mut self.users().1;
        changed.split_off(changed.len().saturating_sub(limit))
    }

    fn on_this_node(&self, users: &[UserId]) -> Vec<Option<UserOnNode>> {
        let here = self.users();
        let find = |id: &UserId| Some(UserOnNode { user: here.0.get(id)?.clone(), addresses: Box::default() });
        users.iter().map(find).collect()
    }

    fn confirm_departures(&self, _: Option<&[UserId]>) {}

    fn update_node(&self, _: NodeId, _: Vec<(UserId, Option<UserOnNode>)>) {}

    fn retain_on_node(&self, _: NodeId, _: &[UserId]) {}

    fn forget_node(&self, _: NodeId) {}

    fn receive_typing(&self, _: TypingSignal) {}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_thousand_users_are_counted_right() {
    const USERS: usize = 100_000;
    let database = TestDatabase::with_tables().await;
    let name = |number: usize| Nickname::from_trusted(format!("guest {number}"));
    let all: Vec<User> = (0..USERS).map(|number| User::guest(UserId::generate(), name(number))).collect();
    let (early, late) = all.split_at(USERS / 2);
    let by_id = |users: &[User]| users.iter().map(|user| (user.id, user.clone())).collect::<HashMap<_, _>>();
    let crowd = Arc::new(Crowd(Mutex::new((by_id(early), Vec::new()))));
    let slow = Rhythm { lease: Duration::from_secs(6), ..RHYTHM };
    let bus = PostgresBus::with_rhythm(database.database(), slow);
    let here = Arc::clone(&crowd);
    let running = tokio::spawn(async move { bus.run(here).await });

    let node = Node::start(&database);
    // One of them is also here.
    let _connection = node.connect(&all[0], 1);
    node.sees(USERS / 2).await;
    {
        let (users, changed) = &mut *crowd.users();
        users.extend(by_id(late));
        changed.extend(late.iter().map(|user| user.id));
    }
    node.sees(USERS).await;
    {
        let (users, changed) = &mut *crowd.users();
        changed.extend(all[..10_000].iter().map(|user| user.id));
        all[..10_000].iter().for_each(|user| {
            users.remove(&user.id);
        });
    }
    node.sees(USERS - 10_000 + 1).await;
    running.abort();
}
