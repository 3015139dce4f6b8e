//! The cached result of the readiness check.

use std::time::{Duration, Instant};

use tokio::sync::Mutex;

/// The result of the last check and its time. When many requests arrive at once, one of them checks and the others wait
/// for its result.
#[derive(Debug, Default)]
pub(super) struct Readiness(Mutex<Option<(Instant, Result<(), String>)>>);

impl Readiness {
    /// Returns the last result if it is younger than `max_age`; otherwise runs `check`.
    pub(super) async fn get(
        &self,
        max_age: Duration,
        check: impl AsyncFnOnce() -> Result<(), String>,
    ) -> Result<(), String> {
        let mut last = self.0.lock().await;
        if let Some((at, result)) = &*last
            && at.elapsed() < max_age
        {
            return result.clone();
        }
        let result = check().await;
        *last = Some((Instant::now(), result.clone()));
        result
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::future::join_all;
    use tokio::task::yield_now;

    use super::*;

    #[tokio::test]
    async fn simultaneous_requests_share_one_check() {
        let (readiness, checks) = (Readiness::default(), AtomicUsize::new(0));
        let check = async || {
            checks.fetch_add(1, Ordering::Relaxed);
            yield_now().await;
            Err("a full disk".to_owned())
        };
        let results = join_all((0..100).map(|_| readiness.get(Duration::MAX, check))).await;
        assert_eq!(results, vec![Err("a full disk".to_owned()); 100]);
        assert_eq!(checks.load(Ordering::Relaxed), 1);
        assert_eq!(readiness.get(Duration::ZERO, async || Ok(())).await, Ok(()), "an old result is checked again");
    }
}
