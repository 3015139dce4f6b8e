//! What is counted while it happens.

use std::sync::atomic::{AtomicU64, Ordering};

/// A number that many count on.
#[derive(Debug, Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    pub(crate) fn one(&self) {
        self.add(1);
    }

    pub(crate) fn add(&self, more: usize) {
        self.0.fetch_add(more as u64, Ordering::Relaxed);
    }

    pub(crate) fn at_least(&self, value: u64) {
        self.0.fetch_max(value, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) commands: Count,
    pub(crate) acked: Count,
    /// Commands that a connection was lost on before the answer came; one may be so several times.
    pub(crate) unknown: Count,
    pub(crate) abandoned: Count,
    /// Because the disk was full, to be tried again.
    pub(crate) refused: Count,
    /// For good: the message to be changed was gone.
    pub(crate) declined: Count,
    /// Acked commands that were sent once more.
    pub(crate) repeated: Count,
    pub(crate) kills: Count,
    pub(crate) terminations: Count,
    pub(crate) cuts: Count,
    pub(crate) stalls: Count,
    pub(crate) absences: Count,
    /// Connections that ended in 1013.
    pub(crate) too_slow: Count,
    pub(crate) full_disks: Count,
    pub(crate) clock_steps: Count,
    /// Readers and writers that came back with cursors.
    pub(crate) resumes: Count,
    pub(crate) resets: Count,
    /// Events that readers were told.
    pub(crate) told: Count,
    /// Bytes.
    pub(crate) peak_memory: Count,
    /// Odd while the disk is full.
    pub(crate) disk: Count,
}
