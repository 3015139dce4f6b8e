//! A load balancer: asks each node whether it lives and is ready, and tells the proxy where connections may go.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{
    join, spawn,
    task::JoinHandle,
    time::{Instant, interval},
};

use crate::{failure::Failure, proxy::Proxy};

/// How often a node is asked.
const INTERVAL: Duration = Duration::from_millis(250);

/// How long a node may take to answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(1);

/// After this time in which a node was not ready, while others were, its clients are sent to these.
const PATIENCE: Duration = Duration::from_secs(2);

/// The balancer's view of one node.
pub(super) struct Backend {
    number: usize,
    address: SocketAddr,
    /// Whether a freeze of the node goes unnoticed.
    is_trusted: AtomicBool,
    is_ready: AtomicBool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Health {
    Ready,
    /// It answers, but it can't reach the database.
    NotReady,
    /// It accepts no connections, or does not answer.
    Down,
}

/// Asks all nodes, until it is dropped.
pub(super) struct Balancer(Vec<JoinHandle<()>>);

impl Backend {
    pub(super) fn new(number: usize, address: SocketAddr) -> Arc<Self> {
        Arc::new(Self { number, address, is_trusted: AtomicBool::new(false), is_ready: AtomicBool::new(false) })
    }

    /// Whether a node that does not answer keeps its connections.
    pub(super) fn trust(&self, is_trusted: bool) {
        self.is_trusted.store(is_trusted, Ordering::Relaxed);
    }
}

impl Balancer {
    pub(super) fn start(backends: Vec<Arc<Backend>>, proxy: &Arc<Proxy>) -> Result<Self, Failure> {
        // Each question on a connection of its own, as from a client that has just come.
        let http = reqwest::Client::builder().pool_max_idle_per_host(0).timeout(ANSWER_TIMEOUT).build()?;
        let mut tasks = Vec::new();
        for backend in &backends {
            let others = backends.iter().filter(|other| other.number != backend.number).cloned().collect();
            tasks.push(spawn(watch(Arc::clone(backend), others, Arc::clone(proxy), http.clone())));
        }
        Ok(Self(tasks))
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        self.0.iter().for_each(|task| task.abort());
    }
}

async fn watch(backend: Arc<Backend>, others: Vec<Arc<Backend>>, proxy: Arc<Proxy>, http: reqwest::Client) {
    let ask = |path| http.get(format!("http://{}/{path}", backend.address)).send();
    let mut ticks = interval(INTERVAL);
    let mut not_ready_since = None;
    loop {
        ticks.tick().await;
        let is_trusted = backend.is_trusted.load(Ordering::Relaxed);
        let health = match join!(ask("healthz"), ask("readyz")) {
            (Err(error), _) if error.is_timeout() && is_trusted => Health::Ready,
            (Err(_), _) => Health::Down,
            (Ok(_), Ok(answer)) if answer.status().is_success() => Health::Ready,
            // Without the database, the answer may take long.
            (Ok(_), _) => Health::NotReady,
        };
        let is_ready = health == Health::Ready;
        backend.is_ready.store(is_ready, Ordering::Relaxed);
        proxy.set_server(backend.number, is_ready.then_some(backend.address));
        let is_alone = !is_ready && others.iter().any(|other| other.is_ready.load(Ordering::Relaxed));
        let since = not_ready_since.take().unwrap_or_else(Instant::now);
        not_ready_since = is_alone.then_some(since);
        let can_move = is_alone && since.elapsed() > PATIENCE;
        if health == Health::Down || can_move {
            proxy.cut_server(backend.number, 1);
        }
    }
}
