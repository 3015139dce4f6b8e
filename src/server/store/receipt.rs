//! The second stage of a write: it is queued in order first, and durable later.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::sync::oneshot;

use crate::server::store::error::StoreError;

/// A future that resolves when a queued write is committed and synced, or was refused.
pub(crate) struct Receipt<T> {
    outcome: oneshot::Receiver<Result<T, StoreError>>,
    on_error: Option<OnError>,
}

type OnError = Box<dyn FnOnce(&StoreError) + Send>;

impl<T> Receipt<T> {
    pub(super) fn new(outcome: oneshot::Receiver<Result<T, StoreError>>) -> Self {
        Self { outcome, on_error: None }
    }

    /// Calls `on_error` as well if the write is refused.
    pub(crate) fn on_error(self, on_error: impl FnOnce(&StoreError) + Send + 'static) -> Self {
        Self { on_error: Some(Box::new(on_error)), ..self }
    }
}

impl<T> fmt::Debug for Receipt<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Receipt(…)")
    }
}

impl<T> Future for Receipt<T> {
    type Output = Result<T, StoreError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let outcome = ready!(Pin::new(&mut self.outcome).poll(context));
        // The channel closes without an outcome if the writer stopped before it got to this write.
        let outcome = outcome.unwrap_or(Err(StoreError::Unavailable));
        if let (Err(error), Some(on_error)) = (&outcome, self.on_error.take()) {
            on_error(error);
        }
        Poll::Ready(outcome)
    }
}
