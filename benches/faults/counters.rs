//! Counters that are updated during a run.

use std::sync::atomic::{AtomicU64, Ordering};

use super::storage_trouble::StorageTrouble;

/// A number that several tasks increment.
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
    /// Commands whose connection was lost before their answer came. One command may count several times.
    pub(crate) unanswered: Counter,
    pub(crate) abandoned: Counter,
    /// Refused because the server could not store for the moment; the writer tries again.
    pub(crate) refused_for_now: Counter,
    /// Refused for good, because the target message was deleted.
    pub(crate) refused_for_good: Counter,
    /// Acknowledged commands that were sent once more.
    pub(crate) resent_after_ack: Counter,
    pub(crate) kills: Counter,
    pub(crate) terminations: Counter,
    /// Nodes that could not end cleanly when they were terminated, because of the database.
    pub(crate) unfinished: Counter,
    pub(crate) cuts: Counter,
    pub(crate) stalls: Counter,
    pub(crate) absences: Counter,
    /// Connections that the server closed with 1013.
    pub(crate) closed_as_too_slow: Counter,
    pub(crate) full_disks: Counter,
    pub(crate) clock_steps: Counter,
    /// Reconnections with cursors, of readers and writers.
    pub(crate) resumes: Counter,
    pub(crate) resets: Counter,
    /// Events that readers received.
    pub(crate) delivered: Counter,
    /// Reconnections to another server.
    pub(crate) moves: Counter,
    /// Connections that a writer gave up, because no frame came.
    pub(crate) given_up: Counter,
    /// Cuts between a node and the database that lost packets.
    pub(crate) packet_cuts: Counter,
    /// Changes of rooms and of their members.
    pub(crate) room_changes: Counter,
    /// In bytes.
    pub(crate) peak_memory: Counter,
    pub(crate) storage_trouble: StorageTrouble,
}
