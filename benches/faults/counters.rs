//! What is counted while it happens.

use std::sync::atomic::{AtomicU64, Ordering};

/// A number that many count on.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn increment(&self) {
        self.add(1);
    }

    pub(crate) fn add(&self, count: usize) {
        self.0.fetch_add(count as u64, Ordering::Relaxed);
    }

    pub(crate) fn raise_to(&self, value: u64) {
        self.0.fetch_max(value, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) commands: Counter,
    pub(crate) acked: Counter,
    /// Commands that a connection was lost on before the answer came; one may be so several times.
    pub(crate) unanswered: Counter,
    pub(crate) abandoned: Counter,
    /// Because the disk was full, to be tried again.
    pub(crate) refused_for_now: Counter,
    /// For good: the message to be changed was gone.
    pub(crate) refused_for_good: Counter,
    /// Acked commands that were sent once more.
    pub(crate) resent_after_ack: Counter,
    pub(crate) kills: Counter,
    pub(crate) terminations: Counter,
    pub(crate) cuts: Counter,
    pub(crate) stalls: Counter,
    pub(crate) absences: Counter,
    /// Connections that ended in 1013.
    pub(crate) closed_as_too_slow: Counter,
    pub(crate) full_disks: Counter,
    pub(crate) clock_steps: Counter,
    /// Readers and writers that came back with cursors.
    pub(crate) resumes: Counter,
    pub(crate) resets: Counter,
    /// Events that readers were told.
    pub(crate) delivered: Counter,
    /// Bytes.
    pub(crate) peak_memory: Counter,
    /// Odd while the disk is full.
    pub(crate) disk_changes: Counter,
}
