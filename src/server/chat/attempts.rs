//! How often passwords may be tried.
//!
//! Wrong ones alone use a budget up: people who know their passwords sign in as often, and as many of them from one
//! address, as they like. Whether one is wrong shows only after it was compared, which takes a while. So no more are
//! compared at a time than may turn out to be wrong, and others wait for these: a hundred guesses at once get no further
//! than a hundred in a row.

use std::{
    collections::HashMap,
    hash::Hash,
    num::NonZeroU32,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::{sync::Notify, time::timeout};

use crate::server::error::ChatError;

/// How long to wait for those that are being compared.
const TURN: Duration = Duration::from_secs(10);

/// Into so many parts the cost of a try is divided.
pub(crate) const PARTS: u32 = 10;

/// So many tries a minute for each key, all of them at once if need be; `None` lets everything through.
pub(crate) struct Tries<K>(Option<AttemptAccounts<K>>);

struct AttemptAccounts<K> {
    most: u32,
    /// How long it takes to pay for one.
    per_try: Duration,
    /// What each key owes. A plain mutex, held for a look-up.
    of: Mutex<HashMap<K, AttemptAccount>>,
    /// One that was compared is no longer under way.
    ended: Notify,
}

struct AttemptAccount {
    /// When everything will have been paid for.
    settled_at: Instant,
    /// How many are being compared.
    under_way: u32,
}

/// Whether one may be tried.
enum AttemptAnswer {
    Begun,
    /// Not until one of those under way has turned out to be right.
    Wait,
    Refused(Duration),
}

/// A password that is being tried. It was a wrong one unless it is said to be [right](Self::was_right), also for who hangs
/// up before that shows.
pub(crate) struct Try<'a, K: Eq + Hash> {
    tries: &'a Tries<K>,
    key: K,
    cost: u32,
}

impl<K: Clone + Eq + Hash> Tries<K> {
    pub(crate) fn new(per_minute: Option<NonZeroU32>) -> Self {
        Self(per_minute.map(|most| AttemptAccounts {
            most: most.get(),
            per_try: Duration::from_mins(1) / most.get(),
            of: Mutex::default(),
            ended: Notify::new(),
        }))
    }

    /// Begins to try one, as soon as that may be.
    ///
    /// # Errors
    /// [`ChatError::RateLimited`] for who has tried too many wrong ones.
    pub(crate) async fn begin(&self, key: K) -> Result<Try<'_, K>, ChatError> {
        if let Some(accounts) = &self.0 {
            let turn = async {
                loop {
                    let ended = accounts.ended.notified();
                    match accounts.begin(&key, Instant::now()) {
                        AttemptAnswer::Begun => return Ok(()),
                        AttemptAnswer::Wait => ended.await,
                        AttemptAnswer::Refused(retry_after) => return Err(ChatError::RateLimited { retry_after }),
                    }
                }
            };
            timeout(TURN, turn).await.unwrap_or(Err(ChatError::RateLimited { retry_after: TURN }))?;
        }
        Ok(Try { tries: self, key, cost: PARTS })
    }

    /// Drops those who owe nothing.
    pub(crate) fn forget_idle(&self) {
        if let Some(accounts) = &self.0 {
            let now = Instant::now();
            let mut accounts = accounts.accounts();
            accounts.retain(|_, account| account.under_way > 0 || account.settled_at > now);
            accounts.shrink_to_fit();
        }
    }
}

impl<K: Clone + Eq + Hash> AttemptAccounts<K> {
    fn begin(&self, key: &K, now: Instant) -> AttemptAnswer {
        let mut accounts = self.accounts();
        let account = accounts.entry(key.clone()).or_insert(AttemptAccount { settled_at: now, under_way: 0 });
        let owed = account.settled_at.saturating_duration_since(now);
        let is_left = |tries: u32| (self.per_try * self.most).checked_sub(owed + self.per_try * tries).is_some();
        if !is_left(1) {
            return AttemptAnswer::Refused((owed + self.per_try).saturating_sub(self.per_try * self.most));
        }
        if !is_left(account.under_way + 1) {
            return AttemptAnswer::Wait;
        }
        account.under_way += 1;
        AttemptAnswer::Begun
    }
}

impl<K: Eq + Hash> AttemptAccounts<K> {
    fn end(&self, key: &K, cost: u32, now: Instant) {
        if let Some(account) = self.accounts().get_mut(key) {
            account.under_way = account.under_way.saturating_sub(1);
            account.settled_at = account.settled_at.max(now) + self.per_try * cost / PARTS;
        }
        self.ended.notify_waiters();
    }

    fn accounts(&self) -> MutexGuard<'_, HashMap<K, AttemptAccount>> {
        // Nothing under this lock panics half-way through a change.
        self.of.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Eq + Hash> Try<'_, K> {
    /// It was right, and costs so many [parts](PARTS) of a wrong one.
    pub(crate) fn was_right(mut self, cost: u32) {
        self.cost = cost;
    }
}

impl<K: Eq + Hash> Drop for Try<'_, K> {
    fn drop(&mut self) {
        if let Some(accounts) = &self.tries.0 {
            accounts.end(&self.key, self.cost, Instant::now());
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::{future::join_all, poll};

    use super::*;

    fn tries() -> Tries<&'static str> {
        Tries::new(NonZeroU32::new(10))
    }

    #[tokio::test]
    async fn right_passwords_cost_nothing_and_wrong_ones_are_counted() {
        let tries = tries();
        for _ in 0..100 {
            tries.begin("one").await.expect("a try").was_right(0);
        }
        for _ in 0..10 {
            drop(tries.begin("one").await.expect("a try"));
            tries.begin("another").await.expect("a try of somebody else").was_right(0);
        }
        let Err(ChatError::RateLimited { retry_after }) = tries.begin("one").await.map(drop) else {
            panic!("an eleventh wrong one");
        };
        assert!(retry_after > Duration::ZERO && retry_after <= Duration::from_secs(6), "{retry_after:?}");
    }

    #[tokio::test]
    async fn many_right_ones_at_once_wait_for_one_another() {
        let tries = tries();
        let answers = join_all((0..40).map(async |_| {
            let begun = tries.begin("one").await?;
            tokio::task::yield_now().await;
            begun.was_right(0);
            Ok::<_, ChatError>(())
        }));
        assert_eq!(answers.await.into_iter().flatten().count(), 40);
    }

    #[tokio::test]
    async fn many_wrong_ones_at_once_get_no_further_than_in_a_row() {
        let tries = tries();
        let answers = join_all((0..40).map(async |_| {
            let begun = tries.begin("one").await?;
            tokio::task::yield_now().await;
            drop(begun);
            Ok::<_, ChatError>(())
        }));
        assert_eq!(answers.await.into_iter().flatten().count(), 10);
    }

    #[tokio::test]
    async fn what_costs_a_part_can_be_done_so_many_times_more() {
        let tries = tries();
        for _ in 0..91 {
            tries.begin("one").await.expect("a try").was_right(1);
        }
        assert!(tries.begin("one").await.is_err(), "nothing is left for a wrong one");
    }

    #[tokio::test]
    async fn who_waits_is_refused_when_those_before_were_wrong() {
        let tries = Tries::new(NonZeroU32::new(1));
        let first = tries.begin("one").await.expect("a try");
        let mut second = Box::pin(tries.begin("one"));
        assert!(poll!(&mut second).is_pending());
        drop(first);
        assert!(second.await.is_err());
    }

    #[tokio::test]
    async fn who_owes_nothing_is_forgotten() {
        let tries = tries();
        tries.begin("one").await.expect("a try").was_right(0);
        drop(tries.begin("two").await.expect("a try"));
        let three = tries.begin("three").await.expect("a try");
        tries.forget_idle();
        let mut left: Vec<_> = tries.0.as_ref().expect("accounts").accounts().keys().copied().collect();
        left.sort_unstable();
        assert_eq!(left, ["three", "two"]);
        drop(three);
    }
}
