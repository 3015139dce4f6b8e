//! Injects the faults of one node: kills, stops and freezes it.

use std::{sync::Arc, time::Duration};

use tokio::{
    select,
    sync::mpsc,
    time::{Instant, interval, sleep},
};

use super::{
    balancer::Backend,
    fault_log::{FaultClass, FaultLog},
};
use crate::{
    counters::Counters,
    failure::Failure,
    server::{Server, ServerSetup},
};

/// How often a node is started again after it could not start, as a service manager does it.
const START_INTERVAL: Duration = Duration::from_millis(250);

/// How long a node may fail to start.
const START_TIMEOUT: Duration = Duration::from_mins(1);

/// How often it is looked whether the node still runs.
const LOOK_INTERVAL: Duration = Duration::from_millis(500);

/// How long a node may refuse commands after a freeze.
const FELT_FOR: Duration = Duration::from_secs(5);

#[derive(Clone, Copy, Debug)]
pub(super) enum NodeFault {
    /// SIGKILL, and a start after this time.
    Kill(Duration),
    /// SIGTERM, and a start at once.
    Terminate,
    Freeze {
        duration: Duration,
        /// Whether the balancer ends the node's connections.
        is_noticed: bool,
    },
}

pub(super) struct Node {
    pub(super) number: usize,
    pub(super) setup: ServerSetup,
    pub(super) backend: Arc<Backend>,
    pub(super) log: Arc<FaultLog>,
    pub(super) counters: Arc<Counters>,
}

impl Node {
    /// Runs the node and injects faults, one after the other, until the sender is gone. Returns the running node.
    pub(super) async fn run(
        self,
        mut server: Server,
        mut faults: mpsc::Receiver<NodeFault>,
    ) -> Result<Server, Failure> {
        let mut looks = interval(LOOK_INTERVAL);
        loop {
            let fault = select! {
                fault = faults.recv() => fault,
                _ = looks.tick() => {
                    if let Some(status) = server.exit_status()? {
                        return Err(self.failure(&format!("ended unexpectedly: {status}")));
                    }
                    continue;
                }
            };
            let Some(fault) = fault else { return Ok(server) };
            record_memory(&server, &self.counters);
            server =
                self.inject(fault, server).await.map_err(|failure| self.failure(&format!("{fault:?}: {failure}")))?;
        }
    }

    async fn inject(&self, fault: NodeFault, mut server: Server) -> Result<Server, Failure> {
        let id = self.log.begin(fault.class(), Some(self.number));
        match fault {
            NodeFault::Kill(pause) => {
                self.counters.kills.increment();
                server.kill().await?;
                sleep(pause).await;
                server = self.start().await?;
            }
            NodeFault::Terminate => {
                self.counters.terminations.increment();
                let asked_at = Instant::now();
                let terminated = server.terminate().await;
                drop(server);
                match terminated {
                    // Without the database, a node can't finish what it has accepted.
                    Err(_) if self.counters.storage_trouble.was_felt_since(asked_at) => {
                        self.counters.unfinished.increment();
                    }
                    terminated => terminated?,
                }
                server = self.start().await?;
            }
            NodeFault::Freeze { duration, is_noticed } => {
                self.backend.trust(!is_noticed);
                self.counters.storage_trouble.begin();
                server.freeze()?;
                sleep(duration).await;
                server.thaw()?;
                self.counters.storage_trouble.end(FELT_FOR);
                self.backend.trust(false);
            }
        }
        self.log.end(id);
        Ok(server)
    }

    /// Starts the node, again and again while the database is not there.
    pub(super) async fn start(&self) -> Result<Server, Failure> {
        let limit = Instant::now() + START_TIMEOUT;
        loop {
            match self.setup.start().await {
                Ok(server) => return Ok(server),
                Err(failure) if Instant::now() > limit => return Err(failure),
                Err(_) => sleep(START_INTERVAL).await,
            }
        }
    }

    fn failure(&self, what: &str) -> Failure {
        format!("node {} {what}", self.number).into()
    }
}

impl NodeFault {
    fn class(self) -> FaultClass {
        match self {
            Self::Kill(_) => FaultClass::NodeKilled,
            Self::Terminate => FaultClass::NodeTerminated,
            Self::Freeze { duration, .. } if duration >= Duration::from_mins(1) => FaultClass::NodeFrozenForLong,
            Self::Freeze { is_noticed: true, .. } => FaultClass::NodeFrozen,
            Self::Freeze { is_noticed: false, .. } => FaultClass::NodeFrozenUnnoticed,
        }
    }
}

pub(super) fn record_memory(server: &Server, counters: &Counters) {
    if let Some(bytes) = server.peak_memory() {
        counters.peak_memory.raise_to(bytes);
    }
}
