//! How many bytes anybody is sent for the asking.
//!
//! A question costs a few bytes, its answer perhaps a megabyte. What an answer costs is known only when it was made, so a
//! budget may be overdrawn once; whoever has done so gets nothing further made until it is paid back.

use std::{
    collections::HashMap,
    hash::Hash,
    num::NonZeroU32,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use crate::server::error::ChatError;

/// A full budget holds what comes back in so many minutes.
const MINUTES_AT_ONCE: u32 = 2;

/// A budget for each key; `None` lets everything through.
pub(super) struct Budget<K>(Option<Accounts<K>>);

struct Accounts<K> {
    /// How long it takes to pay a byte back, in nanoseconds.
    per_byte: u64,
    /// When each key will have paid everything back. A plain mutex, held for a look-up.
    settled_at: Mutex<HashMap<K, Instant>>,
}

impl<K: Eq + Hash> Budget<K> {
    /// So many bytes a minute.
    pub(super) fn new(per_minute: Option<NonZeroU32>) -> Self {
        const MINUTE: u64 = 60_000_000_000;
        Self(
            per_minute
                .map(|bytes| Accounts { per_byte: MINUTE / u64::from(bytes.get()), settled_at: Mutex::default() }),
        )
    }

    /// Whether anything is left.
    ///
    /// # Errors
    /// [`ChatError::RateLimited`] for whoever has overdrawn it.
    pub(super) fn check(&self, key: &K, now: Instant) -> Result<(), ChatError> {
        let Some(accounts) = &self.0 else { return Ok(()) };
        let owed = accounts.settled_at().get(key).map_or(Duration::ZERO, |at| at.saturating_duration_since(now));
        match owed.checked_sub(Duration::from_mins(1) * MINUTES_AT_ONCE) {
            None => Ok(()),
            Some(retry_after) => Err(ChatError::RateLimited { retry_after }),
        }
    }

    /// Takes what was sent.
    pub(super) fn take(&self, key: K, bytes: usize, now: Instant) {
        let Some(accounts) = &self.0 else { return };
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        let cost = Duration::from_nanos(bytes.saturating_mul(accounts.per_byte));
        let mut settled_at = accounts.settled_at();
        let at = settled_at.entry(key).or_insert(now);
        *at = (*at).max(now).checked_add(cost).unwrap_or(*at);
    }

    /// Drops those who owe nothing.
    pub(super) fn forget_idle(&self, now: Instant) {
        if let Some(accounts) = &self.0 {
            let mut settled_at = accounts.settled_at();
            settled_at.retain(|_, at| *at > now);
            settled_at.shrink_to_fit();
        }
    }
}

impl<K> Accounts<K> {
    fn settled_at(&self) -> MutexGuard<'_, HashMap<K, Instant>> {
        // Nothing under this lock panics half-way through a change.
        self.settled_at.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PER_MINUTE: u32 = 60_000;

    fn budget() -> Budget<&'static str> {
        Budget::new(NonZeroU32::new(PER_MINUTE))
    }

    #[test]
    fn an_answer_may_overdraw_a_budget_and_the_next_one_waits() {
        let (budget, now) = (budget(), Instant::now());
        budget.take("one", 119_000, now);
        assert_eq!(budget.check(&"one", now), Ok(()));
        budget.take("one", 11_000, now);
        let retry_after = Duration::from_secs(10);
        assert_eq!(budget.check(&"one", now), Err(ChatError::RateLimited { retry_after }));
        assert_eq!(budget.check(&"another", now), Ok(()));
        assert_eq!(budget.check(&"one", now + Duration::from_millis(10_001)), Ok(()));
    }

    #[test]
    fn over_any_time_no_more_is_sent_than_comes_back() {
        let (budget, begin) = (budget(), Instant::now());
        let mut sent = 0;
        for second in 0..3_600 {
            let now = begin + Duration::from_secs(second);
            // As much as they can get, in answers of 7,000 bytes.
            while budget.check(&"greedy", now).is_ok() {
                budget.take("greedy", 7_000, now);
                sent += 7_000;
            }
        }
        assert!(sent <= PER_MINUTE * (60 + MINUTES_AT_ONCE) + 7_000, "{sent} bytes in an hour");
    }

    #[test]
    fn who_owes_nothing_is_forgotten() {
        let (budget, now) = (budget(), Instant::now());
        budget.take("one", 1_000, now);
        budget.take("two", 100_000, now);
        budget.forget_idle(now + Duration::from_secs(2));
        let accounts = budget.0.as_ref().expect("accounts");
        assert_eq!(accounts.settled_at().keys().copied().collect::<Vec<_>>(), ["two"]);
    }

    #[test]
    fn nothing_is_counted_without_limits() {
        let (budget, now) = (Budget::new(None), Instant::now());
        budget.take("one", usize::MAX, now);
        assert_eq!(budget.check(&"one", now), Ok(()));
    }
}
