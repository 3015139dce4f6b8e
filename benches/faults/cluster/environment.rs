//! All of the cluster, and the faults that are injected into it.

use std::{
    fs::{self, Permissions},
    net::SocketAddr,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    sync::Arc,
    time::Duration,
};

use rand::rngs::StdRng;
use tokio::{
    spawn,
    sync::mpsc::{self, error::TrySendError},
    task::{JoinHandle, JoinSet},
    time::{Instant, sleep, sleep_until},
};

use super::{
    balancer::{Backend, Balancer},
    database::{Database, DatabaseFault},
    database_pair::DatabasePair,
    fault_log::{FaultClass, FaultLog},
    node::{Node, NodeFault, record_memory},
    node_links::{self, CutBy, NodeLinks},
    postgres_server::free_port,
    programs::Programs,
    schedule::{ClusterFault, CutWay, LinkFault, cluster_schedule, upgrade_schedule},
};
use crate::{
    consumer::{Consumer, ConsumerSetup},
    counters::Counters,
    entrance::Entrance,
    environment::{Environment, FaultPlan},
    failure::Failure,
    history::LogEntry,
    options::Options,
    proxy::Proxy,
    reader::ReaderFault,
    server::{Server, ServerSetup},
};

/// How long a writer waits for a frame before it connects again.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long a node may refuse commands after it can reach the database again.
const FELT_FOR: Duration = Duration::from_secs(15);

/// How many clients of a node stay when clients are moved: of three, two.
const MOVED_OF: usize = 3;

pub(super) struct Cluster {
    proxy: Arc<Proxy>,
    _balancer: Balancer,
    links: Arc<NodeLinks>,
    nodes: Vec<ManagedNode>,
    database: Option<ManagedDatabase>,
    /// After the last fault.
    pair: Option<DatabasePair>,
    consumer_setup: ConsumerSetup,
    consumer: Consumer,
    log: Arc<FaultLog>,
    counters: Arc<Counters>,
    rng: StdRng,
    /// Whether nodes are replaced, and nothing fails.
    is_upgrade: bool,
    /// Ends the faults of links.
    link_tasks: JoinSet<Result<(), Failure>>,
}

struct ManagedNode {
    setup: ServerSetup,
    faults: Option<mpsc::Sender<NodeFault>>,
    /// `None` after the last fault.
    task: Option<JoinHandle<Result<Server, Failure>>>,
    server: Option<Server>,
}

struct ManagedDatabase {
    faults: mpsc::Sender<DatabaseFault>,
    task: JoinHandle<Result<Database, Failure>>,
}

impl Cluster {
    /// Starts the database, the nodes and the balancer.
    pub(super) async fn start(
        options: &Options,
        folder: &Path,
        log: &Arc<FaultLog>,
        counters: &Arc<Counters>,
        rng: StdRng,
    ) -> Result<Self, Failure> {
        let programs = Programs::find()?;
        let database_folder = folder.join("postgres");
        fs::create_dir(&database_folder)?;
        programs.give(&database_folder)?;
        let pair = DatabasePair::start(&programs, &database_folder).await?;
        let links = Arc::new(NodeLinks::start(usize::from(options.nodes), pair.ports()).await?);
        let proxy = Arc::new(Proxy::start()?);

        let mut nodes = Vec::new();
        let mut backends = Vec::new();
        for number in 0..usize::from(options.nodes) {
            let node_folder = folder.join(format!("node-{number}"));
            fs::create_dir(&node_folder)?;
            fs::set_permissions(&node_folder, Permissions::from_mode(0o700))?;
            let program = options.first_node.as_ref().filter(|_| number == 0).unwrap_or(&options.server);
            let mut setup = ServerSetup::new(program.clone(), node_folder, options.send_queue_bytes)?;
            setup.listen = SocketAddr::from((links.node_address(number), free_port()?));
            setup.prefix = links.prefix(number);
            setup.store = Some(links.store(number));
            let backend = Backend::new(number, setup.listen);
            backends.push(Arc::clone(&backend));
            let node =
                Node { number, setup: setup.clone(), backend, log: Arc::clone(log), counters: Arc::clone(counters) };
            let server = node.start().await?;
            proxy.set_server(number, Some(setup.listen));
            let (faults, receiver) = mpsc::channel(1);
            let task = Some(spawn(node.run(server, receiver)));
            nodes.push(ManagedNode { setup, faults: Some(faults), task, server: None });
        }
        let balancer = Balancer::start(backends, &proxy)?;
        let source = node_links::store(pair.addresses());
        let consumer_setup = ConsumerSetup { source, copy: folder.join("consumer.db") };
        let consumer = consumer_setup.start()?;
        let (faults, receiver) = mpsc::channel(1);
        let database =
            Database { pair, links: Arc::clone(&links), log: Arc::clone(log), counters: Arc::clone(counters) };
        let task = spawn(database.run(receiver));
        Ok(Self {
            proxy,
            _balancer: balancer,
            links,
            nodes,
            database: Some(ManagedDatabase { faults, task }),
            pair: None,
            consumer_setup,
            consumer,
            log: Arc::clone(log),
            counters: Arc::clone(counters),
            rng,
            is_upgrade: options.upgrade,
            link_tasks: JoinSet::new(),
        })
    }

    /// The address of the database, past the links.
    pub(super) fn address(&self) -> String {
        self.consumer_setup.source.clone()
    }

    pub(super) fn can_lose_packets(&self) -> bool {
        self.links.can_lose_packets()
    }

    /// Stops the database after everything else.
    pub(super) async fn stop_database(&mut self) -> Result<(), Failure> {
        match &mut self.pair {
            Some(pair) => pair.stop().await,
            None => Ok(()),
        }
    }

    async fn inject(&mut self, fault: ClusterFault, readers: &[mpsc::Sender<ReaderFault>]) -> Result<(), Failure> {
        match fault {
            ClusterFault::Node(number, fault) => {
                let node = &mut self.nodes[number];
                let sent = node.faults.as_ref().map(|faults| faults.try_send(fault));
                if matches!(sent, Some(Err(TrySendError::Closed(_)))) {
                    node.join().await?;
                }
                if matches!(fault, NodeFault::Kill(_)) {
                    self.consumer.kill()?;
                    self.consumer = self.consumer_setup.start()?;
                }
            }
            ClusterFault::Database(fault) => {
                let sent = self.database.as_ref().map(|database| database.faults.try_send(fault));
                if matches!(sent, Some(Err(TrySendError::Closed(_)))) {
                    self.join_database().await?;
                }
            }
            ClusterFault::Link(node, fault, duration) => self.disturb_link(node, fault, duration),
            ClusterFault::Clock(node, offset) => {
                let setup = &self.nodes[node].setup;
                if setup.can_set_clock() {
                    setup.set_clock(offset)?;
                    self.log.begin(FaultClass::ClockStepped, Some(node));
                }
            }
            ClusterFault::CutClient => {
                if self.proxy.cut_one(&mut self.rng) {
                    self.counters.cuts.increment();
                }
            }
            ClusterFault::MoveClients(node) => {
                if self.proxy.cut_server(node, MOVED_OF) > 0 {
                    self.log.begin(FaultClass::ClientsMoved, Some(node));
                }
            }
            ClusterFault::Reader(reader, reader_fault) => {
                // Fails if the reader already has a fault queued. Each reader has one at a time.
                if readers[reader].try_send(reader_fault).is_ok() {
                    match reader_fault {
                        ReaderFault::Stall(_) => self.counters.stalls.increment(),
                        ReaderFault::Away(_) => self.counters.absences.increment(),
                    }
                }
            }
        }
        Ok(())
    }

    fn disturb_link(&mut self, node: usize, fault: LinkFault, duration: Duration) {
        let (links, log, counters) = (Arc::clone(&self.links), Arc::clone(&self.log), Arc::clone(&self.counters));
        self.link_tasks.spawn(async move {
            let id = log.begin(fault.class(), Some(node));
            counters.storage_trouble.begin();
            match fault {
                LinkFault::Reset => links.reset(node),
                LinkFault::Slow(delay) => {
                    links.delay(node, delay);
                    sleep(duration).await;
                    links.delay(node, Duration::ZERO);
                }
                LinkFault::Cut(by, way) => {
                    if by == CutBy::Packets && links.can_lose_packets() {
                        counters.packet_cuts.increment();
                    }
                    links.silence_node(node, by, way != CutWay::FromDatabase, way != CutWay::ToDatabase)?;
                    sleep(duration).await;
                    links.silence_node(node, by, false, false)?;
                }
            }
            log.end(id);
            counters.storage_trouble.end(FELT_FOR);
            Ok(())
        });
    }

    async fn join_database(&mut self) -> Result<(), Failure> {
        if let Some(ManagedDatabase { faults, task }) = self.database.take() {
            drop(faults);
            self.pair = Some(task.await??.pair);
        }
        Ok(())
    }
}

impl ManagedNode {
    /// Waits until the last fault is over.
    async fn join(&mut self) -> Result<(), Failure> {
        self.faults = None;
        if let Some(task) = self.task.take() {
            self.server = Some(task.await??);
        }
        Ok(())
    }
}

impl Environment for Cluster {
    fn entrance(&self) -> Entrance {
        let address = self.proxy.address;
        Entrance { address, routes: self.proxy.routes(), patience: PATIENCE, must_answer: false }
    }

    async fn inject_faults(&mut self, mut plan: FaultPlan<'_>) -> Result<(), Failure> {
        let (start, nodes) = (Instant::now(), self.nodes.len());
        let schedule =
            if self.is_upgrade { upgrade_schedule(plan.duration, nodes) } else { cluster_schedule(&mut plan, nodes) };
        for (at, fault) in schedule {
            sleep_until(start + at).await;
            self.inject(fault, plan.readers).await?;
        }
        Ok(())
    }

    async fn recover(&mut self) -> Result<(), Failure> {
        while let Some(ended) = self.link_tasks.join_next().await {
            ended??;
        }
        self.join_database().await?;
        for node in &mut self.nodes {
            node.join().await?;
        }
        Ok(())
    }

    async fn stop(&mut self) -> Result<Vec<LogEntry>, Failure> {
        for server in self.nodes.iter_mut().filter_map(|node| node.server.as_mut()) {
            record_memory(server, &self.counters);
            server.terminate().await?;
        }
        self.consumer.kill()?;
        self.consumer_setup.finish()?;
        self.consumer_setup.copied()
    }
}
