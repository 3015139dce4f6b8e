//! Decides which fault comes when. Everything follows from the seed.

use std::{ops::Range, time::Duration};

use rand::{Rng as _, rngs::StdRng};

use super::reader::ReaderFault;

/// A fault to inject.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    /// SIGKILL and a restart.
    Kill,
    /// SIGTERM and a restart.
    Terminate,
    /// Cuts a connection, in the middle of a frame if one is being sent.
    Cut,
    /// The reader with this number stalls or disconnects.
    Reader(usize, ReaderFault),
    /// No file may grow beyond a limit.
    FillDisk {
        /// How many bytes the write-ahead log may still grow; `None` forbids nearly all writes.
        free_bytes: Option<u64>,
    },
    FreeDisk,
    /// Sets the clock this many seconds off.
    Clock(i64),
}

/// Kinds of faults, as the command line names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum FaultKind {
    /// SIGKILL and SIGTERM.
    Kills,
    Cuts,
    Stalls,
    Absences,
    FullDisks,
    ClockSteps,
    /// Of nodes; only with `--cluster`, as the following ones.
    Freezes,
    Databases,
    /// Between nodes and the database.
    Links,
    Moves,
}

impl Fault {
    pub(crate) fn kind(self) -> FaultKind {
        match self {
            Self::Kill | Self::Terminate => FaultKind::Kills,
            Self::Cut => FaultKind::Cuts,
            Self::Reader(_, ReaderFault::Stall(_)) => FaultKind::Stalls,
            Self::Reader(_, ReaderFault::Away(_)) => FaultKind::Absences,
            Self::FillDisk { .. } | Self::FreeDisk => FaultKind::FullDisks,
            Self::Clock(_) => FaultKind::ClockSteps,
        }
    }
}

/// The time between two faults of a kind, in milliseconds.
const KILL_INTERVAL: Range<u64> = 2_500..4_500;
pub(crate) const CUT_INTERVAL: Range<u64> = 100..800;
pub(crate) const STALL_INTERVAL: Range<u64> = 800..2_500;
pub(crate) const ABSENCE_INTERVAL: Range<u64> = 2_000..5_000;
const FULL_DISK_INTERVAL: Range<u64> = 7_000..12_000;
const CLOCK_STEP_INTERVAL: Range<u64> = 2_000..5_000;

/// How long a fault lasts, in milliseconds.
pub(crate) const STALL_DURATION: Range<u64> = 1_000..5_000;
pub(crate) const ABSENCE_DURATION: Range<u64> = 3_000..9_000;
const FULL_DISK_DURATION: Range<u64> = 1_000..3_000;

/// One in this many stops is a SIGTERM, the others are SIGKILL.
const STOPS_PER_TERMINATION: usize = 6;

/// The faults of a run, each with its time since the start.
pub(crate) fn schedule(rng: &mut StdRng, duration: Duration, readers: usize) -> Vec<(Duration, Fault)> {
    let mut faults = Vec::new();
    let termination = rng.random_range(0..STOPS_PER_TERMINATION);
    for (number, at) in times_of(rng, duration, KILL_INTERVAL).into_iter().enumerate() {
        faults.push((at, if number % STOPS_PER_TERMINATION == termination { Fault::Terminate } else { Fault::Kill }));
    }
    for at in times_of(rng, duration, CUT_INTERVAL) {
        faults.push((at, Fault::Cut));
    }
    for at in times_of(rng, duration, CLOCK_STEP_INTERVAL) {
        faults.push((at, Fault::Clock(clock_step(rng))));
    }
    for at in times_of(rng, duration, FULL_DISK_INTERVAL) {
        let free_bytes = rng.random::<bool>().then(|| rng.random_range(0..200_000));
        faults.push((at, Fault::FillDisk { free_bytes }));
        faults.push((at + random_duration(rng, FULL_DISK_DURATION), Fault::FreeDisk));
    }
    if readers > 0 {
        for at in times_of(rng, duration, STALL_INTERVAL) {
            faults.push((
                at,
                Fault::Reader(rng.random_range(0..readers), ReaderFault::Stall(random_duration(rng, STALL_DURATION))),
            ));
        }
        for at in times_of(rng, duration, ABSENCE_INTERVAL) {
            faults.push((
                at,
                Fault::Reader(rng.random_range(0..readers), ReaderFault::Away(random_duration(rng, ABSENCE_DURATION))),
            ));
        }
    }
    faults.sort_by_key(|(at, _)| *at);
    faults
}

/// Returns times within `duration`, with random intervals between them.
pub(crate) fn times_of(rng: &mut StdRng, duration: Duration, intervals: Range<u64>) -> Vec<Duration> {
    let mut times = Vec::new();
    let mut at = random_duration(rng, intervals.clone());
    while at < duration {
        times.push(at);
        at += random_duration(rng, intervals.clone());
    }
    times
}

pub(crate) fn random_duration(rng: &mut StdRng, milliseconds: Range<u64>) -> Duration {
    Duration::from_millis(rng.random_range(milliseconds))
}

/// A random offset of seconds, minutes, hours or days, forwards or back.
pub(crate) fn clock_step(rng: &mut StdRng) -> i64 {
    let unit = [1, 60, 3_600, 86_400][rng.random_range(0..4)];
    rng.random_range(-30..=30) * unit
}
