//! What clients write to and read from, and what the faults are injected into.

use std::time::Duration;

use rand::rngs::StdRng;
use tokio::sync::mpsc;

use super::{entrance::Entrance, failure::Failure, history::LogEntry, reader::ReaderFault, schedule::FaultKind};

pub(crate) trait Environment {
    fn entrance(&self) -> Entrance;

    /// Injects each fault at its time.
    async fn inject_faults(&mut self, plan: FaultPlan<'_>) -> Result<(), Failure>;

    /// Ends all lasting faults.
    async fn recover(&mut self) -> Result<(), Failure>;

    /// Stops everything at the end of the run. Returns what the consumer of the commit log has read.
    async fn stop(&mut self) -> Result<Vec<LogEntry>, Failure>;
}

/// Which faults to inject.
pub(crate) struct FaultPlan<'a> {
    pub(crate) rng: &'a mut StdRng,
    pub(crate) duration: Duration,
    /// Only faults of these kinds; all if there are none.
    pub(crate) only: &'a [FaultKind],
    /// Where the faults of each reader go.
    pub(crate) readers: &'a [mpsc::Sender<ReaderFault>],
}

impl FaultPlan<'_> {
    pub(crate) fn includes(&self, kind: FaultKind) -> bool {
        self.only.is_empty() || self.only.contains(&kind)
    }
}
