//! Budgets for the bytes that are sent on request.
//!
//! A request of a few bytes may cause an answer of a megabyte, and the length is known only when the answer has been made.
//! So a budget may be overdrawn once. Whoever has overdrawn it gets no further answer until it has refilled enough.

use std::{
    collections::HashMap,
    hash::Hash,
    num::NonZeroU32,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use crate::server::error::ChatError;

/// A full budget holds the bytes that refill in this many minutes.
const BURST_MINUTES: u32 = 2;

/// A budget of bytes for each key. `None` has no limit.
pub(super) struct ByteBudget<K>(Option<ByteDebts<K>>);

struct ByteDebts<K> {
    /// How long one byte takes to refill, in nanoseconds.
    nanos_per_byte: u64,
    /// When the budget of each key will be full again. The lock is held for a look-up.
    full_at: Mutex<HashMap<K, Instant>>,
}

impl<K: Eq + Hash> ByteBudget<K> {
    /// A budget of `bytes_per_minute`.
    pub(super) fn new(bytes_per_minute: Option<NonZeroU32>) -> Self {
        const MINUTE_NANOS: u64 = 60_000_000_000;
        Self(bytes_per_minute.map(|bytes| ByteDebts {
            nanos_per_byte: MINUTE_NANOS / u64::from(bytes.get()),
            full_at: Mutex::default(),
        }))
    }

    /// Checks that the budget of a key is not overdrawn.
    ///
    /// # Errors
    /// [`ChatError::RateLimited`].
    pub(super) fn check(&self, key: &K, now: Instant) -> Result<(), ChatError> {
        let Some(debts) = &self.0 else { return Ok(()) };
        let debt = debts.full_at().get(key).map_or(Duration::ZERO, |at| at.saturating_duration_since(now));
        match debt.checked_sub(Duration::from_mins(1) * BURST_MINUTES) {
            None => Ok(()),
            Some(retry_after) => Err(ChatError::RateLimited { retry_after }),
        }
    }

    /// Takes the bytes of an answer from the budget, even if that overdraws it.
    pub(super) fn charge(&self, key: K, bytes: usize, now: Instant) {
        let Some(debts) = &self.0 else { return };
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        let cost = Duration::from_nanos(bytes.saturating_mul(debts.nanos_per_byte));
        let mut full_at = debts.full_at();
        let at = full_at.entry(key).or_insert(now);
        *at = (*at).max(now).checked_add(cost).unwrap_or(*at);
    }

    /// Forgets the keys whose budgets are full.
    pub(super) fn forget_idle(&self, now: Instant) {
        if let Some(debts) = &self.0 {
            let mut full_at = debts.full_at();
            full_at.retain(|_, at| *at > now);
            full_at.shrink_to_fit();
        }
    }
}

impl<K> ByteDebts<K> {
    fn full_at(&self) -> MutexGuard<'_, HashMap<K, Instant>> {
        // No code under this lock panics half-way through a change.
        self.full_at.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PER_MINUTE: u32 = 60_000;

    fn budget() -> ByteBudget<&'static str> {
        ByteBudget::new(NonZeroU32::new(PER_MINUTE))
    }

    #[test]
    fn an_answer_may_overdraw_the_budget_and_the_next_one_is_refused() {
        let (budget, now) = (budget(), Instant::now());
        budget.charge("one", 119_000, now);
        assert_eq!(budget.check(&"one", now), Ok(()));
        budget.charge("one", 11_000, now);
        let retry_after = Duration::from_secs(10);
        assert_eq!(budget.check(&"one", now), Err(ChatError::RateLimited { retry_after }));
        assert_eq!(budget.check(&"another", now), Ok(()));
        assert_eq!(budget.check(&"one", now + Duration::from_millis(10_001)), Ok(()));
    }

    #[test]
    fn in_the_long_run_no_more_is_sent_than_refills() {
        let (budget, begin) = (budget(), Instant::now());
        let mut sent = 0;
        for second in 0..3_600 {
            let now = begin + Duration::from_secs(second);
            // As much as a client can get, in answers of 7,000 bytes.
            while budget.check(&"greedy", now).is_ok() {
                budget.charge("greedy", 7_000, now);
                sent += 7_000;
            }
        }
        assert!(sent <= PER_MINUTE * (60 + BURST_MINUTES) + 7_000, "{sent} bytes in an hour");
    }

    #[test]
    fn keys_with_a_full_budget_are_forgotten() {
        let (budget, now) = (budget(), Instant::now());
        budget.charge("one", 1_000, now);
        budget.charge("two", 100_000, now);
        budget.forget_idle(now + Duration::from_secs(2));
        let debts = budget.0.as_ref().expect("a limit");
        assert_eq!(debts.full_at().keys().copied().collect::<Vec<_>>(), ["two"]);
    }

    #[test]
    fn without_a_limit_nothing_is_refused() {
        let (budget, now) = (ByteBudget::new(None), Instant::now());
        budget.charge("one", usize::MAX, now);
        assert_eq!(budget.check(&"one", now), Ok(()));
    }
}
