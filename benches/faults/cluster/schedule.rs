//! Decides which fault of a cluster comes when. Everything follows from the seed.

use std::{ops::Range, time::Duration};

use rand::{Rng as _, rngs::StdRng, seq::SliceRandom as _};

use super::{
    database::{DatabaseFault, Removal},
    fault_log::FaultClass,
    node::NodeFault,
    node_links::CutBy,
};
use crate::{
    environment::FaultPlan,
    reader::ReaderFault,
    schedule::{
        ABSENCE_DURATION, ABSENCE_INTERVAL, CUT_INTERVAL, FaultKind, STALL_DURATION, STALL_INTERVAL, clock_step,
        random_duration, times_of,
    },
};

#[derive(Clone, Copy, Debug)]
pub(super) enum ClusterFault {
    Node(usize, NodeFault),
    Database(DatabaseFault),
    /// The node's link to the database changes for this time.
    Link(usize, LinkFault, Duration),
    /// Sets the clock of a node this many seconds off.
    Clock(usize, i64),
    /// Cuts a client's connection, in the middle of a frame if one is being sent.
    CutClient,
    /// Some clients of a node go to others.
    MoveClients(usize),
    Reader(usize, ReaderFault),
}

#[derive(Clone, Copy, Debug)]
pub(super) enum LinkFault {
    Cut(CutBy, CutWay),
    Reset,
    Slow(Duration),
}

/// Which way nothing arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CutWay {
    ToDatabase,
    FromDatabase,
    Both,
}

/// The time between two faults of a kind, in milliseconds.
const NODE_INTERVAL: Range<u64> = 3_500..7_500;
const DATABASE_INTERVAL: Range<u64> = 16_000..28_000;
const LINK_INTERVAL: Range<u64> = 6_000..12_000;
const CLOCK_STEP_INTERVAL: Range<u64> = 3_000..7_000;
const MOVE_INTERVAL: Range<u64> = 5_000..10_000;

/// How long a fault lasts, in milliseconds.
const KILL_DURATION: Range<u64> = 200..3_000;
const FREEZE_DURATION: Range<u64> = 1_500..9_000;
const CUT_DURATION: Range<u64> = 500..7_000;
const DATABASE_DURATION: Range<u64> = 500..4_000;
const DELAY: Range<u64> = 10..150;

/// How long a manager waits until it is sure that a database server is gone, in milliseconds.
const MANAGER_PATIENCE: Range<u64> = 500..2_000;

const LONG_FREEZE: Duration = Duration::from_mins(1);

/// A long freeze comes only in runs that are longer than this, and not more often.
const LONG_FREEZE_INTERVAL: Duration = Duration::from_mins(3);

/// How long a node needs to be there again after a fault.
const NODE_RECOVERY: Duration = Duration::from_secs(3);

/// The largest size up to which files may grow on a full disk, in bytes. A file of the database's log is larger.
const MAX_FULL_BYTES: u64 = 6 * 1024 * 1024;

/// The faults of a run, each with its time since the start.
pub(super) fn cluster_schedule(plan: &mut FaultPlan<'_>, nodes: usize) -> Vec<(Duration, ClusterFault)> {
    let (duration, readers) = (plan.duration, plan.readers.len());
    let rng = &mut *plan.rng;
    let mut faults = node_faults(rng, duration, nodes);
    faults.extend(database_faults(rng, duration));
    for at in times_of(rng, duration, LINK_INTERVAL) {
        let cut_by = if rng.random() { CutBy::Packets } else { CutBy::Proxy };
        let fault = match rng.random_range(0..8) {
            0 | 1 => LinkFault::Cut(cut_by, CutWay::ToDatabase),
            2 | 3 => LinkFault::Cut(cut_by, CutWay::FromDatabase),
            4 | 5 => LinkFault::Cut(cut_by, CutWay::Both),
            6 => LinkFault::Reset,
            _ => LinkFault::Slow(random_duration(rng, DELAY)),
        };
        let lasts = random_duration(rng, CUT_DURATION);
        faults.push((at, ClusterFault::Link(rng.random_range(0..nodes), fault, lasts)));
    }
    for at in times_of(rng, duration, CLOCK_STEP_INTERVAL) {
        faults.push((at, ClusterFault::Clock(rng.random_range(0..nodes), clock_step(rng))));
    }
    for at in times_of(rng, duration, CUT_INTERVAL) {
        faults.push((at, ClusterFault::CutClient));
    }
    for at in times_of(rng, duration, MOVE_INTERVAL) {
        faults.push((at, ClusterFault::MoveClients(rng.random_range(0..nodes))));
    }
    if readers > 0 {
        for at in times_of(rng, duration, STALL_INTERVAL) {
            let stall = ReaderFault::Stall(random_duration(rng, STALL_DURATION));
            faults.push((at, ClusterFault::Reader(rng.random_range(0..readers), stall)));
        }
        for at in times_of(rng, duration, ABSENCE_INTERVAL) {
            let away = ReaderFault::Away(random_duration(rng, ABSENCE_DURATION));
            faults.push((at, ClusterFault::Reader(rng.random_range(0..readers), away)));
        }
    }
    faults.retain(|(_, fault)| plan.includes(fault.kind()));
    faults.sort_by_key(|(at, _)| *at);
    faults
}

/// Each node ends once, and is started again at once.
pub(super) fn upgrade_schedule(duration: Duration, nodes: usize) -> Vec<(Duration, ClusterFault)> {
    let parts = u32::try_from(nodes).unwrap_or(u32::MAX).saturating_add(1);
    (1..)
        .map(|part| duration / parts * part)
        .zip((0..nodes).map(|node| ClusterFault::Node(node, NodeFault::Terminate)))
        .collect()
}

/// At least one node has no fault at any time.
fn node_faults(rng: &mut StdRng, duration: Duration, nodes: usize) -> Vec<(Duration, ClusterFault)> {
    let mut faults = Vec::new();
    let mut busy_until = vec![Duration::ZERO; nodes];
    let mut next_long_freeze = LONG_FREEZE_INTERVAL / 3;
    for at in times_of(rng, duration, NODE_INTERVAL) {
        let idle: Vec<usize> = (0..nodes).filter(|node| busy_until[*node] <= at).collect();
        if idle.len() < 2 {
            continue;
        }
        let node = idle[rng.random_range(0..idle.len())];
        let (fault, lasts) = if at > next_long_freeze && duration > LONG_FREEZE_INTERVAL {
            next_long_freeze = at + LONG_FREEZE_INTERVAL;
            (NodeFault::Freeze { duration: LONG_FREEZE, is_noticed: true }, LONG_FREEZE)
        } else {
            let (kill, freeze) = (random_duration(rng, KILL_DURATION), random_duration(rng, FREEZE_DURATION));
            match rng.random_range(0..10) {
                0..5 => (NodeFault::Kill(kill), kill),
                5 | 6 => (NodeFault::Terminate, NODE_RECOVERY),
                7 | 8 => (NodeFault::Freeze { duration: freeze, is_noticed: true }, freeze),
                _ => (NodeFault::Freeze { duration: freeze, is_noticed: false }, freeze),
            }
        };
        busy_until[node] = at + lasts + NODE_RECOVERY;
        faults.push((at, ClusterFault::Node(node, fault)));
    }
    faults
}

/// All kinds in turn, each time in another order.
fn database_faults(rng: &mut StdRng, duration: Duration) -> Vec<(Duration, ClusterFault)> {
    let mut faults = Vec::new();
    let mut kinds = Vec::new();
    for at in times_of(rng, duration, DATABASE_INTERVAL) {
        if kinds.is_empty() {
            kinds = (0..10).collect();
            kinds.shuffle(rng);
        }
        let (lasts, patience) = (random_duration(rng, DATABASE_DURATION), random_duration(rng, MANAGER_PATIENCE));
        let fault = match kinds.pop() {
            None | Some(0) => DatabaseFault::FailOver(Removal::Kill, patience),
            Some(1) => DatabaseFault::FailOver(Removal::Stop, patience),
            Some(2) => DatabaseFault::FailOver(Removal::Freeze, patience),
            Some(3) => DatabaseFault::FailOver(Removal::Cut, patience),
            Some(4) => DatabaseFault::Crash,
            Some(5) => DatabaseFault::Freeze(lasts),
            Some(6) => DatabaseFault::EndConnections,
            Some(7) => DatabaseFault::RefuseConnections(lasts),
            Some(8) => DatabaseFault::Fill(rng.random_range(0..MAX_FULL_BYTES), lasts),
            Some(_) => DatabaseFault::KillStandby(patience),
        };
        faults.push((at, ClusterFault::Database(fault)));
    }
    faults
}

impl ClusterFault {
    fn kind(self) -> FaultKind {
        match self {
            Self::Node(_, NodeFault::Kill(_) | NodeFault::Terminate) => FaultKind::Kills,
            Self::Node(_, NodeFault::Freeze { .. }) => FaultKind::Freezes,
            Self::Database(_) => FaultKind::Databases,
            Self::Link(..) => FaultKind::Links,
            Self::Clock(..) => FaultKind::ClockSteps,
            Self::CutClient => FaultKind::Cuts,
            Self::MoveClients(_) => FaultKind::Moves,
            Self::Reader(_, ReaderFault::Stall(_)) => FaultKind::Stalls,
            Self::Reader(_, ReaderFault::Away(_)) => FaultKind::Absences,
        }
    }
}

impl LinkFault {
    pub(super) fn class(self) -> FaultClass {
        match self {
            Self::Cut(_, CutWay::ToDatabase) => FaultClass::CutToDatabase,
            Self::Cut(_, CutWay::FromDatabase) => FaultClass::CutFromDatabase,
            Self::Cut(_, CutWay::Both) => FaultClass::CutBothWays,
            Self::Reset => FaultClass::LinkReset,
            Self::Slow(_) => FaultClass::LinkSlow,
        }
    }
}
