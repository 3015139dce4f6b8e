//! Rendering of documents: on threads apart from those that deliver messages, and only a few at a time.
//!
//! Rendering and compressing a document takes some milliseconds, during which its thread does nothing else. So it runs on
//! tokio's threads for blocking work, on as many at once as leave one core for messages. Further requests wait, up to a
//! number and a time limit, before anything is read for them.

use std::{sync::Arc, thread, time::Duration};

use axum::{
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use leptos::prelude::{IntoView, Owner, RenderHtml as _};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::spawn_blocking,
    time::timeout,
};

use crate::{pages::content_encoding::ContentEncoding, protocol::ErrorCode, server::PageError};

/// How many requests may wait: enough for a whole school that arrives at once.
const MAX_WAITING: usize = 512;

/// How long a request waits.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Limits how many documents are rendered at once, and how many requests wait for that.
#[derive(Clone)]
pub(super) struct RenderLimiter {
    running: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

/// Permission to render one document. It is acquired before the document's content is read from the store.
pub(super) struct RenderPermit {
    _permit: OwnedSemaphorePermit,
}

impl RenderLimiter {
    /// Allows one document at once for each core but one.
    pub(super) fn new() -> Self {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        Self::with(cores.saturating_sub(1).max(1), MAX_WAITING)
    }

    fn with(running: usize, waiting: usize) -> Self {
        Self { running: Arc::new(Semaphore::new(running)), waiting: Arc::new(Semaphore::new(waiting)) }
    }

    /// Waits until a document may be rendered.
    ///
    /// # Errors
    /// 503 if too many requests wait already, or if waiting took too long.
    pub(super) async fn acquire(&self) -> Result<RenderPermit, PageError> {
        let busy = PageError { status: StatusCode::SERVICE_UNAVAILABLE, code: ErrorCode::RateLimited };
        let _waiting = self.waiting.try_acquire().map_err(|_| busy)?;
        match timeout(TIMEOUT, Arc::clone(&self.running).acquire_owned()).await {
            Ok(Ok(permit)) => Ok(RenderPermit { _permit: permit }),
            _ => Err(busy),
        }
    }
}

impl RenderPermit {
    /// Renders `view` to a compressed response.
    pub(super) async fn render<V: IntoView>(
        self,
        encoding: ContentEncoding,
        view: impl FnOnce() -> V + Send + 'static,
    ) -> Response {
        let html = move || encoding.respond(Owner::new_root(None).with(|| view().into_view().to_html()));
        self.run(html).await.unwrap_or_else(|| StatusCode::INTERNAL_SERVER_ERROR.into_response())
    }

    /// Returns `None` if `work` panicked. The permit is held until the work ends, even if the caller has gone by then.
    async fn run<T: Send + 'static>(self, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        let result = spawn_blocking(move || {
            let result = work();
            drop(self);
            result
        });
        result.await.inspect_err(|error| tracing::error!(%error, "a page could not be rendered")).ok()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use leptos::prelude::*;

    use super::*;

    #[tokio::test]
    async fn rendering_does_not_block_the_thread_of_its_task() {
        // The test runs on one thread, as every shard does.
        let renders = RenderLimiter::with(1, 1);
        let (delivered, waiting) = mpsc::channel();
        let permit = renders.acquire().await.expect("a permit");
        let rendering = tokio::spawn(permit.render(ContentEncoding::Identity, move || {
            waiting.recv().expect("this page needs what happens meanwhile");
            view! { <p>"done"</p> }
        }));
        tokio::task::yield_now().await;
        delivered.send(()).expect("somebody who waits for it");
        assert_eq!(rendering.await.expect("a page").status(), StatusCode::OK);
    }

    #[tokio::test]
    async fn the_number_of_running_and_of_waiting_renders_is_limited() {
        let renders = RenderLimiter::with(1, 1);
        let first = renders.acquire().await.expect("a permit");
        let second = renders.acquire();
        tokio::pin!(second);
        assert!(futures_util::poll!(&mut second).is_pending());
        assert_eq!(renders.acquire().await.err().map(|refused| refused.status), Some(StatusCode::SERVICE_UNAVAILABLE));
        assert_eq!(first.run(|| 1).await, Some(1));
        second.await.expect("the permit that was returned");
    }

    #[tokio::test]
    async fn a_render_that_panics_returns_its_permit() {
        let renders = RenderLimiter::with(1, 1);
        let permit = renders.acquire().await.expect("a permit");
        let response = permit.render(ContentEncoding::Identity, || -> () { panic!("a page that can't be made") }).await;
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        renders.acquire().await.expect("the permit that was returned");
    }
}
