//! For whoever watches over the server.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{Router, extract::State, http::StatusCode, routing::get};
use tokio::sync::Mutex;

use super::{super::App, ApiError};
use crate::protocol::ErrorCode;

pub(super) const ALIVE: &str = "/healthz";
pub(super) const READY: &str = "/readyz";

/// How long an answer is good for. Nobody is charged for asking, so it must cost nothing to ask often.
const FRESH: Duration = Duration::from_secs(1);

pub(super) fn router() -> Router<Arc<App>> {
    Router::new().route(ALIVE, get(async || "alive\n")).route(READY, get(readyz))
}

/// Whether the store can be read, and its writer lives.
async fn readyz(State(app): State<Arc<App>>) -> Result<&'static str, ApiError> {
    let check = async || app.chat.check().await.map_err(|error| error.to_string());
    app.readiness
        .ask(FRESH, check)
        .await
        .map_err(|problem| ApiError::new(StatusCode::SERVICE_UNAVAILABLE, ErrorCode::StorageUnavailable, problem))?;
    Ok("ready\n")
}

/// What was found the last time. However many ask at once, one looks, and the others wait for that.
#[derive(Debug, Default)]
pub(in crate::server) struct Readiness(Mutex<Option<(Instant, Result<(), String>)>>);

impl Readiness {
    async fn ask(&self, fresh: Duration, check: impl AsyncFnOnce() -> Result<(), String>) -> Result<(), String> {
        let mut last = self.0.lock().await;
        if let Some((at, found)) = &*last
            && at.elapsed() < fresh
        {
            return found.clone();
        }
        let found = check().await;
        *last = Some((Instant::now(), found.clone()));
        found
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::future::join_all;
    use tokio::task::yield_now;

    use super::*;

    #[tokio::test]
    async fn however_many_ask_at_once_the_store_is_asked_once() {
        let (readiness, asked) = (Readiness::default(), AtomicUsize::new(0));
        let check = async || {
            asked.fetch_add(1, Ordering::Relaxed);
            yield_now().await;
            Err("a full disk".to_owned())
        };
        let answers = join_all((0..100).map(|_| readiness.ask(Duration::MAX, check))).await;
        assert_eq!(answers, vec![Err("a full disk".to_owned()); 100]);
        assert_eq!(asked.load(Ordering::Relaxed), 1);
        assert_eq!(readiness.ask(Duration::ZERO, async || Ok(())).await, Ok(()), "what is old is asked anew");
    }
}
