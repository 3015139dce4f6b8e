//! How long a node counts as alive.

use std::time::Duration;

/// A node that has not renewed its row for this long counts as dead, and its users as gone.
pub(super) const LEASE: Duration = Duration::from_secs(6);

/// How often nodes exchange, and when they count as dead.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rhythm {
    /// Between two exchanges.
    pub(super) interval: Duration,
    pub(super) lease: Duration,
}

impl Rhythm {
    /// The lease, for PostgreSQL.
    pub(super) fn lease_seconds(&self) -> f64 {
        self.lease.as_secs_f64()
    }
}
