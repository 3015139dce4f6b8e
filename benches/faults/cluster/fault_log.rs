//! Which faults were injected, when, and until when they lasted.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

/// Classes of faults. Each has its row in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FaultClass {
    NodeKilled,
    NodeTerminated,
    /// The balancer notices it and ends the node's connections.
    NodeFrozen,
    /// The clients' connections outlive it.
    NodeFrozenUnnoticed,
    /// For a minute; the balancer notices it.
    NodeFrozenForLong,
    /// Killed and started again.
    DatabaseCrashed,
    FailedOverAfterKill,
    FailedOverAfterStop,
    FailedOverAfterFreeze,
    FailedOverAfterCut,
    /// And continued, without a failover.
    DatabaseFrozen,
    DatabaseConnectionsEnded,
    DatabaseRefusesConnections,
    DatabaseFull,
    StandbyKilled,
    /// What a node sends does not arrive at the database.
    CutToDatabase,
    /// What the database sends does not arrive at a node.
    CutFromDatabase,
    CutBothWays,
    /// The connections of a node to the database are reset.
    LinkReset,
    LinkSlow,
    ClockStepped,
    ClientsMoved,
}

impl FaultClass {
    pub(super) const ALL: [Self; 22] = [
        Self::NodeKilled,
        Self::NodeTerminated,
        Self::NodeFrozen,
        Self::NodeFrozenUnnoticed,
        Self::NodeFrozenForLong,
        Self::DatabaseCrashed,
        Self::FailedOverAfterKill,
        Self::FailedOverAfterStop,
        Self::FailedOverAfterFreeze,
        Self::FailedOverAfterCut,
        Self::DatabaseFrozen,
        Self::DatabaseConnectionsEnded,
        Self::DatabaseRefusesConnections,
        Self::DatabaseFull,
        Self::StandbyKilled,
        Self::CutToDatabase,
        Self::CutFromDatabase,
        Self::CutBothWays,
        Self::LinkReset,
        Self::LinkSlow,
        Self::ClockStepped,
        Self::ClientsMoved,
    ];

    /// Its row in the table.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::NodeKilled => "nodes killed",
            Self::NodeTerminated => "nodes terminated",
            Self::NodeFrozen => "nodes frozen",
            Self::NodeFrozenUnnoticed => "nodes frozen, and their clients stayed connected",
            Self::NodeFrozenForLong => "nodes frozen for a minute",
            Self::DatabaseCrashed => "database killed and restarted",
            Self::FailedOverAfterKill => "failovers: primary killed",
            Self::FailedOverAfterStop => "failovers: primary stopped",
            Self::FailedOverAfterFreeze => "failovers: primary frozen",
            Self::FailedOverAfterCut => "failovers: primary cut off",
            Self::DatabaseFrozen => "database frozen and continued",
            Self::DatabaseConnectionsEnded => "database ended all connections",
            Self::DatabaseRefusesConnections => "database out of connections",
            Self::DatabaseFull => "database's disk full",
            Self::StandbyKilled => "standby killed",
            Self::CutToDatabase => "node cut off: to the database",
            Self::CutFromDatabase => "node cut off: from the database",
            Self::CutBothWays => "node cut off: both ways",
            Self::LinkReset => "node's database connections reset",
            Self::LinkSlow => "node's database slow",
            Self::ClockStepped => "clock steps of single nodes",
            Self::ClientsMoved => "nodes whose clients were moved to others",
        }
    }

    /// Whether a node does nothing any more, for a while or for ever.
    pub(super) fn is_node_fault(self) -> bool {
        matches!(
            self,
            Self::NodeKilled
                | Self::NodeTerminated
                | Self::NodeFrozen
                | Self::NodeFrozenUnnoticed
                | Self::NodeFrozenForLong
        )
    }

    /// Whether a node ends, or does nothing for a while, and its clients can notice.
    pub(super) fn is_death(self) -> bool {
        self.is_node_fault() && self != Self::NodeFrozenUnnoticed
    }

    /// Whether the primary changes.
    pub(super) fn is_failover(self) -> bool {
        matches!(
            self,
            Self::FailedOverAfterKill
                | Self::FailedOverAfterStop
                | Self::FailedOverAfterFreeze
                | Self::FailedOverAfterCut
        )
    }

    pub(super) fn is_database_fault(self) -> bool {
        self.is_failover()
            || matches!(
                self,
                Self::DatabaseCrashed
                    | Self::DatabaseFrozen
                    | Self::DatabaseConnectionsEnded
                    | Self::DatabaseRefusesConnections
                    | Self::DatabaseFull
                    | Self::StandbyKilled
            )
    }

    /// Whether a node can't reach the database, while others can.
    pub(super) fn is_cut(self) -> bool {
        matches!(self, Self::CutToDatabase | Self::CutFromDatabase | Self::CutBothWays)
    }
}

/// A fault that was injected.
#[derive(Clone, Copy, Debug)]
pub(super) struct FaultRecord {
    pub(super) class: FaultClass,
    /// The node that it hit; `None` for the database.
    pub(super) node: Option<usize>,
    pub(super) began: Instant,
    /// When the node accepted connections again, the database took writes again, or the network worked again.
    pub(super) ended: Option<Instant>,
}

#[derive(Debug, Default)]
pub(super) struct FaultLog(Mutex<Vec<FaultRecord>>);

/// The number of a record.
#[derive(Clone, Copy, Debug)]
pub(super) struct FaultId(usize);

impl FaultLog {
    pub(super) fn begin(&self, class: FaultClass, node: Option<usize>) -> FaultId {
        let mut records = self.records_mut();
        records.push(FaultRecord { class, node, began: Instant::now(), ended: None });
        FaultId(records.len() - 1)
    }

    pub(super) fn end(&self, FaultId(index): FaultId) {
        self.records_mut()[index].ended = Some(Instant::now());
    }

    pub(super) fn records(&self) -> Vec<FaultRecord> {
        self.records_mut().clone()
    }

    fn records_mut(&self) -> MutexGuard<'_, Vec<FaultRecord>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
