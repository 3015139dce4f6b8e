//! Which fault comes when: all of it follows from the seed.

use std::{ops::Range, time::Duration};

use rand::{Rng as _, rngs::StdRng};

use super::reader::ReaderFault;

/// Something that goes wrong.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    /// SIGKILL, and a new start.
    Kill,
    /// SIGTERM, and a new start.
    Terminate,
    /// A line is cut, in the midst of a frame if one is under way.
    Cut,
    /// A reader stalls or goes away.
    Reader(usize, ReaderFault),
    /// No file may grow; or next to nothing may be written at all.
    FillDisk {
        /// How many bytes beyond what the write-ahead log has now; `None` for nearly none at all.
        free_bytes: Option<u64>,
    },
    FreeDisk,
    /// The clock is so many seconds off from now on.
    Clock(i64),
}

/// Faults of one kind, to be asked for by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum FaultKind {
    /// SIGKILL and SIGTERM.
    Kills,
    Cuts,
    Stalls,
    Absences,
    FullDisks,
    ClockSteps,
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

/// One after the other, in milliseconds.
const KILL_INTERVAL: Range<u64> = 2_500..4_500;
const CUT_INTERVAL: Range<u64> = 100..800;
const STALL_INTERVAL: Range<u64> = 800..2_500;
const ABSENCE_INTERVAL: Range<u64> = 2_000..5_000;
const FULL_DISK_INTERVAL: Range<u64> = 7_000..12_000;
const CLOCK_STEP_INTERVAL: Range<u64> = 2_000..5_000;

/// How long they last, in milliseconds.
const STALL_DURATION: Range<u64> = 1_000..5_000;
const ABSENCE_DURATION: Range<u64> = 3_000..9_000;
const FULL_DISK_DURATION: Range<u64> = 1_000..3_000;

/// One in so many ends of the process is a gentle one.
const KILLS_PER_TERMINATION: usize = 6;

/// The faults of a run, by the time since its start.
pub(crate) fn schedule(rng: &mut StdRng, duration: Duration, readers: usize) -> Vec<(Duration, Fault)> {
    let mut faults = Vec::new();
    let termination = rng.random_range(0..KILLS_PER_TERMINATION);
    for (number, at) in times_of(rng, duration, KILL_INTERVAL).into_iter().enumerate() {
        faults.push((at, if number % KILLS_PER_TERMINATION == termination { Fault::Terminate } else { Fault::Kill }));
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

/// One after the other, with pauses of such lengths.
fn times_of(rng: &mut StdRng, duration: Duration, intervals: Range<u64>) -> Vec<Duration> {
    let mut times_of = Vec::new();
    let mut at = random_duration(rng, intervals.clone());
    while at < duration {
        times_of.push(at);
        at += random_duration(rng, intervals.clone());
    }
    times_of
}

fn random_duration(rng: &mut StdRng, milliseconds: Range<u64>) -> Duration {
    Duration::from_millis(rng.random_range(milliseconds))
}

/// Seconds, minutes, hours or days, forwards or back.
fn clock_step(rng: &mut StdRng) -> i64 {
    let unit = [1, 60, 3_600, 86_400][rng.random_range(0..4)];
    rng.random_range(-30..=30) * unit
}
