//! When servers could not store. Then they refuse commands for a while, and a client may not learn of it.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

#[derive(Debug, Default)]
pub(crate) struct StorageTrouble(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// How many troubles there are now.
    ongoing: usize,
    /// Until when servers may have refused commands because of those that are over.
    felt_until: Option<Instant>,
}

impl StorageTrouble {
    pub(crate) fn begin(&self) {
        self.state().ongoing += 1;
    }

    /// A trouble is over; servers may feel it for a while.
    pub(crate) fn end(&self, felt_for: Duration) {
        let mut state = self.state();
        state.ongoing = state.ongoing.saturating_sub(1);
        state.felt_until = state.felt_until.max(Some(Instant::now() + felt_for));
    }

    /// Whether a server may have refused a command between `sent_at` and now.
    pub(crate) fn was_felt_since(&self, sent_at: Instant) -> bool {
        let state = self.state();
        state.ongoing > 0 || state.felt_until.is_some_and(|until| until >= sent_at)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
