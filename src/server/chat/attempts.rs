//! Limits for attempts that only cost something if they fail: passwords.
//!
//! Users who know their passwords may sign in as often as they like, many of them from one address. Whether a password is
//! wrong is known only after the comparison, which takes a while. So no more attempts run at the same time than may fail,
//! and further ones wait for these: a hundred guesses at once get no further than a hundred in a row.

use std::{
    collections::HashMap,
    hash::Hash,
    num::NonZeroU32,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::{sync::Notify, time::timeout};

use crate::server::error::ChatError;

/// How long an attempt may wait for others to end.
const WAIT_TIMEOUT: Duration = Duration::from_secs(10);

/// The cost of a failed attempt, in units.
pub(super) const FAILURE_COST: u32 = 10;

/// Limits the attempts of each key to a number per minute, which is also the burst. `None` has no limit.
pub(super) struct AttemptLimiter<K>(Option<AttemptAccounts<K>>);

struct AttemptAccounts<K> {
    burst: u32,
    /// How long one failed attempt takes to refill.
    refill_time: Duration,
    /// The lock is held for a look-up.
    accounts: Mutex<HashMap<K, AttemptAccount>>,
    /// Notified when an attempt has ended.
    attempt_ended: Notify,
}

struct AttemptAccount {
    /// When the account will be full again.
    full_at: Instant,
    /// How many attempts are running.
    running: u32,
}

/// Whether an attempt may begin.
enum AttemptAnswer {
    Begun,
    /// Not before one of the running attempts has succeeded.
    Wait,
    /// Not before this time has passed.
    Refused(Duration),
}

/// A running attempt. It counts as failed unless it [succeeds](Self::succeeded), also if it is dropped because the client
/// has left.
pub(super) struct Attempt<'a, K: Eq + Hash> {
    limiter: &'a AttemptLimiter<K>,
    key: K,
    /// In units; see [`FAILURE_COST`].
    cost: u32,
}

impl<K: Clone + Eq + Hash> AttemptLimiter<K> {
    pub(super) fn new(per_minute: Option<NonZeroU32>) -> Self {
        Self(per_minute.map(|burst| AttemptAccounts {
            burst: burst.get(),
            refill_time: Duration::from_mins(1) / burst.get(),
            accounts: Mutex::default(),
            attempt_ended: Notify::new(),
        }))
    }

    /// Begins an attempt, as soon as it is allowed.
    ///
    /// # Errors
    /// [`ChatError::RateLimited`] after too many failed attempts.
    pub(super) async fn begin(&self, key: K) -> Result<Attempt<'_, K>, ChatError> {
        if let Some(accounts) = &self.0 {
            let begun = async {
                loop {
                    let attempt_ended = accounts.attempt_ended.notified();
                    match accounts.begin(&key, Instant::now()) {
                        AttemptAnswer::Begun => return Ok(()),
                        AttemptAnswer::Wait => attempt_ended.await,
                        AttemptAnswer::Refused(retry_after) => return Err(ChatError::RateLimited { retry_after }),
                    }
                }
            };
            let timed_out = Err(ChatError::RateLimited { retry_after: WAIT_TIMEOUT });
            timeout(WAIT_TIMEOUT, begun).await.unwrap_or(timed_out)?;
        }
        Ok(Attempt { limiter: self, key, cost: FAILURE_COST })
    }

    /// Forgets accounts that are full.
    pub(super) fn forget_idle(&self) {
        if let Some(accounts) = &self.0 {
            let now = Instant::now();
            let mut accounts = accounts.lock();
            accounts.retain(|_, account| account.running > 0 || account.full_at > now);
            accounts.shrink_to_fit();
        }
    }
}

impl<K: Clone + Eq + Hash> AttemptAccounts<K> {
    fn begin(&self, key: &K, now: Instant) -> AttemptAnswer {
        let mut accounts = self.lock();
        let account = accounts.entry(key.clone()).or_insert(AttemptAccount { full_at: now, running: 0 });
        let debt = account.full_at.saturating_duration_since(now);
        let has_left =
            |attempts: u32| (self.refill_time * self.burst).checked_sub(debt + self.refill_time * attempts).is_some();
        if !has_left(1) {
            return AttemptAnswer::Refused((debt + self.refill_time).saturating_sub(self.refill_time * self.burst));
        }
        if !has_left(account.running + 1) {
            return AttemptAnswer::Wait;
        }
        account.running += 1;
        AttemptAnswer::Begun
    }
}

impl<K: Eq + Hash> AttemptAccounts<K> {
    fn end(&self, key: &K, cost: u32, now: Instant) {
        if let Some(account) = self.lock().get_mut(key) {
            account.running = account.running.saturating_sub(1);
            account.full_at = account.full_at.max(now) + self.refill_time * cost / FAILURE_COST;
        }
        self.attempt_ended.notify_waiters();
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<K, AttemptAccount>> {
        // No code under this lock panics half-way through a change.
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Eq + Hash> Attempt<'_, K> {
    /// Ends the attempt as a success, at a cost in units; see [`FAILURE_COST`].
    pub(super) fn succeeded(mut self, cost: u32) {
        self.cost = cost;
    }
}

impl<K: Eq + Hash> Drop for Attempt<'_, K> {
    fn drop(&mut self) {
        if let Some(accounts) = &self.limiter.0 {
            accounts.end(&self.key, self.cost, Instant::now());
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::{future::join_all, poll};

    use super::*;

    fn limiter() -> AttemptLimiter<&'static str> {
        AttemptLimiter::new(NonZeroU32::new(10))
    }

    #[tokio::test]
    async fn successes_are_free_and_failures_are_counted() {
        let limiter = limiter();
        for _ in 0..100 {
            limiter.begin("one").await.expect("an attempt").succeeded(0);
        }
        for _ in 0..10 {
            drop(limiter.begin("one").await.expect("an attempt"));
            limiter.begin("another").await.expect("an attempt of another key").succeeded(0);
        }
        let Err(ChatError::RateLimited { retry_after }) = limiter.begin("one").await.map(drop) else {
            panic!("an eleventh failure");
        };
        assert!(retry_after > Duration::ZERO && retry_after <= Duration::from_secs(6), "{retry_after:?}");
    }

    #[tokio::test]
    async fn simultaneous_successes_wait_for_each_other() {
        let limiter = limiter();
        let attempts = join_all((0..40).map(async |_| {
            let attempt = limiter.begin("one").await?;
            tokio::task::yield_now().await;
            attempt.succeeded(0);
            Ok::<_, ChatError>(())
        }));
        assert_eq!(attempts.await.into_iter().flatten().count(), 40);
    }

    #[tokio::test]
    async fn simultaneous_failures_get_no_further_than_successive_ones() {
        let limiter = limiter();
        let attempts = join_all((0..40).map(async |_| {
            let attempt = limiter.begin("one").await?;
            tokio::task::yield_now().await;
            drop(attempt);
            Ok::<_, ChatError>(())
        }));
        assert_eq!(attempts.await.into_iter().flatten().count(), 10);
    }

    #[tokio::test]
    async fn successes_that_cost_a_tenth_are_ten_times_as_many() {
        let limiter = limiter();
        for _ in 0..91 {
            limiter.begin("one").await.expect("an attempt").succeeded(1);
        }
        assert!(limiter.begin("one").await.is_err(), "nothing is left for a failure");
    }

    #[tokio::test]
    async fn a_waiting_attempt_is_refused_when_the_running_ones_fail() {
        let limiter = AttemptLimiter::new(NonZeroU32::new(1));
        let first = limiter.begin("one").await.expect("an attempt");
        let mut second = Box::pin(limiter.begin("one"));
        assert!(poll!(&mut second).is_pending());
        drop(first);
        assert!(second.await.is_err());
    }

    #[tokio::test]
    async fn full_accounts_are_forgotten() {
        let limiter = limiter();
        limiter.begin("one").await.expect("an attempt").succeeded(0);
        drop(limiter.begin("two").await.expect("an attempt"));
        let three = limiter.begin("three").await.expect("an attempt");
        limiter.forget_idle();
        let mut left: Vec<_> = limiter.0.as_ref().expect("accounts").lock().keys().copied().collect();
        left.sort_unstable();
        assert_eq!(left, ["three", "two"]);
        drop(three);
    }
}
