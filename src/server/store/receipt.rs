//! The two stages of a write: queued in order, then durable.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::sync::oneshot;

use crate::server::store::error::StoreError;

/// Resolves when the write is committed and synced, or was refused.
pub(crate) struct Receipt<T> {
    answer: oneshot::Receiver<Result<T, StoreError>>,
    /// Who wants to know why it was refused.
    watch: Option<Watch>,
}

type Watch = Box<dyn FnOnce(&StoreError) + Send>;

impl<T> Receipt<T> {
    pub(super) fn new(answer: oneshot::Receiver<Result<T, StoreError>>) -> Self {
        Self { answer, watch: None }
    }

    /// Tells `watch`, too, if it is refused.
    pub(crate) fn watched(self, watch: impl FnOnce(&StoreError) + Send + 'static) -> Self {
        Self { watch: Some(Box::new(watch)), ..self }
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
        let answer = ready!(Pin::new(&mut self.answer).poll(context));
        // No answer: the writer stopped before it came to this write.
        let answer = answer.unwrap_or(Err(StoreError::Unavailable));
        if let (Err(error), Some(watch)) = (&answer, self.watch.take()) {
            watch(error);
        }
        Poll::Ready(answer)
    }
}
