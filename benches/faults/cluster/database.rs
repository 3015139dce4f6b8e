//! Injects the faults of the database, and mends it as its manager would.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::mpsc,
    time::{Instant, sleep},
};

use super::{
    database_pair::DatabasePair,
    fault_log::{FaultClass, FaultId, FaultLog},
    node_links::NodeLinks,
};
use crate::{counters::Counters, failure::Failure};

/// How long nodes may refuse commands after the database has come back.
const FELT_FOR: Duration = Duration::from_secs(15);

#[derive(Clone, Copy, Debug)]
pub(super) enum DatabaseFault {
    /// Kill the primary and start it again.
    Crash,
    /// Remove the primary, wait as a manager does until it is sure, and promote the standby.
    FailOver(Removal, Duration),
    Freeze(Duration),
    EndConnections,
    RefuseConnections(Duration),
    /// Forbid the server's processes to write files beyond this size.
    Fill(u64, Duration),
    /// Kill the standby. The primary continues alone after this time.
    KillStandby(Duration),
}

/// How a primary comes to an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Removal {
    Kill,
    Stop,
    Freeze,
    /// No node reaches it.
    Cut,
}

pub(super) struct Database {
    pub(super) pair: DatabasePair,
    pub(super) links: Arc<NodeLinks>,
    pub(super) log: Arc<FaultLog>,
    pub(super) counters: Arc<Counters>,
}

impl Database {
    /// Injects faults, one after the other, until the sender is gone.
    pub(super) async fn run(mut self, mut faults: mpsc::Receiver<DatabaseFault>) -> Result<Self, Failure> {
        while let Some(fault) = faults.recv().await {
            let id = self.log.begin(fault.class(), None);
            self.counters.storage_trouble.begin();
            self.inject(fault, id).await.map_err(|failure| format!("the database, {fault:?}: {failure}"))?;
            self.counters.storage_trouble.end(FELT_FOR);
        }
        Ok(self)
    }

    /// Injects a fault, and mends all that it broke.
    async fn inject(&mut self, fault: DatabaseFault, id: FaultId) -> Result<(), Failure> {
        match fault {
            DatabaseFault::Crash => {
                self.pair.primary_server().kill().await?;
                self.pair.restart_primary().await?;
                self.log.end(id);
            }
            DatabaseFault::FailOver(removal, patience) => self.fail_over(removal, patience, id).await?,
            DatabaseFault::Freeze(duration) => {
                self.pair.primary_server().freeze()?;
                sleep(duration).await;
                self.pair.primary_server().thaw()?;
                self.pair.wait_until_writable().await?;
                self.log.end(id);
            }
            DatabaseFault::EndConnections => {
                self.end_connections().await?;
                self.log.end(id);
            }
            DatabaseFault::RefuseConnections(duration) => {
                let client = self.pair.connect().await?;
                client.batch_execute("ALTER ROLE teahouse CONNECTION LIMIT 0").await?;
                self.end_connections().await?;
                sleep(duration).await;
                client.batch_execute("ALTER ROLE teahouse CONNECTION LIMIT -1").await?;
                self.log.end(id);
            }
            DatabaseFault::Fill(bytes, duration) => {
                // A process that can't write the log ends all of them. Those that come after it are not limited.
                self.pair.primary_server().limit_file_size(Some(bytes))?;
                sleep(duration).await;
                self.pair.primary_server().limit_file_size(None)?;
                self.pair.wait_until_writable().await?;
                self.log.end(id);
            }
            DatabaseFault::KillStandby(patience) => {
                self.pair.kill_standby().await?;
                sleep(patience).await;
                self.pair.continue_alone().await?;
                self.log.end(id);
                self.pair.start_standby().await?;
            }
        }
        Ok(())
    }

    async fn fail_over(&mut self, removal: Removal, patience: Duration, id: FaultId) -> Result<(), Failure> {
        let old = self.pair.primary();
        let began = Instant::now();
        match removal {
            Removal::Kill => self.pair.primary_server().kill().await?,
            Removal::Stop => self.pair.primary_server().stop().await?,
            Removal::Freeze => self.pair.primary_server().freeze()?,
            Removal::Cut => self.links.silence_server(old, true),
        }
        if removal != Removal::Stop {
            sleep(patience.saturating_sub(began.elapsed())).await;
        }
        // Nobody may reach the old primary after this, not even for reading.
        self.pair.primary_server().kill().await?;
        self.pair.fail_over().await?;
        self.log.end(id);
        self.pair.rebuild_standby().await?;
        if removal == Removal::Cut {
            self.links.silence_server(old, false);
        }
        Ok(())
    }

    /// Ends the connections of all nodes.
    async fn end_connections(&self) -> Result<(), Failure> {
        let client = self.pair.connect().await?;
        let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'teahouse'";
        client.batch_execute(end).await?;
        Ok(())
    }
}

impl DatabaseFault {
    fn class(self) -> FaultClass {
        match self {
            Self::Crash => FaultClass::DatabaseCrashed,
            Self::FailOver(Removal::Kill, _) => FaultClass::FailedOverAfterKill,
            Self::FailOver(Removal::Stop, _) => FaultClass::FailedOverAfterStop,
            Self::FailOver(Removal::Freeze, _) => FaultClass::FailedOverAfterFreeze,
            Self::FailOver(Removal::Cut, _) => FaultClass::FailedOverAfterCut,
            Self::Freeze(_) => FaultClass::DatabaseFrozen,
            Self::EndConnections => FaultClass::DatabaseConnectionsEnded,
            Self::RefuseConnections(_) => FaultClass::DatabaseRefusesConnections,
            Self::Fill(..) => FaultClass::DatabaseFull,
            Self::KillStandby(_) => FaultClass::StandbyKilled,
        }
    }
}
