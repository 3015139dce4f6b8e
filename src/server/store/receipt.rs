//! The second stage of a write: it is queued in order first, and durable later.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::sync::oneshot;

use crate::server::store::error::StoreError;

/// A future that resolves when a queued command is committed and synced, or was refused.
pub(crate) struct Receipt<T> {
    outcome: oneshot::Receiver<Result<T, StoreError>>,
    /// Resolves when the connections have been told.
    delivered: oneshot::Receiver<()>,
    on_error: Option<OnError>,
}

type OnError = Box<dyn FnOnce(&StoreError) + Send>;

impl<T> Receipt<T> {
    pub(super) fn new(outcome: oneshot::Receiver<Result<T, StoreError>>, delivered: oneshot::Receiver<()>) -> Self {
        Self { outcome, delivered, on_error: None }
    }

    /// Calls `on_error` as well if the command is refused.
    pub(crate) fn on_error(self, on_error: impl FnOnce(&StoreError) + Send + 'static) -> Self {
        Self { on_error: Some(Box::new(on_error)), ..self }
    }

    /// Waits until the command is durable and the connections of this process have been told: sessions that it ended are
    /// closed, conversations that it opened are subscribed to.
    pub(crate) async fn delivered(mut self) -> Result<T, StoreError> {
        let output = (&mut self).await?;
        // An error means that delivery has ended, and all connections with it.
        let _ = self.delivered.await;
        Ok(output)
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
        // The channel closes without an outcome if the writer stopped before it got to this command.
        let outcome = outcome.unwrap_or(Err(StoreError::Unavailable));
        if let (Err(error), Some(on_error)) = (&outcome, self.on_error.take()) {
            on_error(error);
        }
        Poll::Ready(outcome)
    }
}
