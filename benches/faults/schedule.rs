//! Which fault comes when: all of it follows from the seed.

use std::{ops::Range, time::Duration};

use rand::{Rng as _, rngs::StdRng};

use super::reader::Mood;

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
    Mood(usize, Mood),
    /// No file may grow; or next to nothing may be written at all.
    FillDisk {
        /// How many bytes beyond what the write-ahead log has now; `None` for nearly none at all.
        room: Option<u64>,
    },
    FreeDisk,
    /// The clock is so many seconds off from now on.
    Clock(i64),
}

/// Faults of one kind, to be asked for by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Kind {
    /// SIGKILL and SIGTERM.
    Kills,
    Cuts,
    Stalls,
    Absences,
    FullDisks,
    ClockSteps,
}

impl Fault {
    pub(crate) fn kind(self) -> Kind {
        match self {
            Self::Kill | Self::Terminate => Kind::Kills,
            Self::Cut => Kind::Cuts,
            Self::Mood(_, Mood::Stall(_)) => Kind::Stalls,
            Self::Mood(_, Mood::Away(_)) => Kind::Absences,
            Self::FillDisk { .. } | Self::FreeDisk => Kind::FullDisks,
            Self::Clock(_) => Kind::ClockSteps,
        }
    }
}

/// One after the other, in milliseconds.
const KILLS: Range<u64> = 2_500..4_500;
const CUTS: Range<u64> = 100..800;
const STALLS: Range<u64> = 800..2_500;
const ABSENCES: Range<u64> = 2_000..5_000;
const FULL_DISKS: Range<u64> = 7_000..12_000;
const CLOCK_STEPS: Range<u64> = 2_000..5_000;

/// How long they last, in milliseconds.
const STALL: Range<u64> = 1_000..5_000;
const ABSENCE: Range<u64> = 3_000..9_000;
const FULL_DISK: Range<u64> = 1_000..3_000;

/// One in so many ends of the process is a gentle one.
const GENTLE: usize = 6;

/// The faults of a run, by the time since its start.
pub(crate) fn schedule(rng: &mut StdRng, length: Duration, readers: usize) -> Vec<(Duration, Fault)> {
    let mut faults = Vec::new();
    let gentle = rng.random_range(0..GENTLE);
    for (number, at) in moments(rng, length, KILLS).into_iter().enumerate() {
        faults.push((at, if number % GENTLE == gentle { Fault::Terminate } else { Fault::Kill }));
    }
    for at in moments(rng, length, CUTS) {
        faults.push((at, Fault::Cut));
    }
    for at in moments(rng, length, CLOCK_STEPS) {
        faults.push((at, Fault::Clock(step(rng))));
    }
    for at in moments(rng, length, FULL_DISKS) {
        let room = rng.random::<bool>().then(|| rng.random_range(0..200_000));
        faults.push((at, Fault::FillDisk { room }));
        faults.push((at + some(rng, FULL_DISK), Fault::FreeDisk));
    }
    if readers > 0 {
        for at in moments(rng, length, STALLS) {
            faults.push((at, Fault::Mood(rng.random_range(0..readers), Mood::Stall(some(rng, STALL)))));
        }
        for at in moments(rng, length, ABSENCES) {
            faults.push((at, Fault::Mood(rng.random_range(0..readers), Mood::Away(some(rng, ABSENCE)))));
        }
    }
    faults.sort_by_key(|(at, _)| *at);
    faults
}

/// One after the other, with pauses of such lengths.
fn moments(rng: &mut StdRng, length: Duration, pauses: Range<u64>) -> Vec<Duration> {
    let mut moments = Vec::new();
    let mut at = some(rng, pauses.clone());
    while at < length {
        moments.push(at);
        at += some(rng, pauses.clone());
    }
    moments
}

fn some(rng: &mut StdRng, milliseconds: Range<u64>) -> Duration {
    Duration::from_millis(rng.random_range(milliseconds))
}

/// Seconds, minutes, hours or days, forwards or back.
fn step(rng: &mut StdRng) -> i64 {
    let unit = [1, 60, 3_600, 86_400][rng.random_range(0..4)];
    rng.random_range(-30..=30) * unit
}
