//! Bounds how many connections sign in at the same time.
//!
//! Signing in takes some kilobytes while the store works on it. After a restart all clients come back at once; without
//! a bound, ten thousand of them would need that memory together, and the allocator would hardly ever return it.

use std::time::Duration;

use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::timeout,
};

/// As many as the store commits together.
pub(super) const MAX_CONCURRENT_SIGN_INS: usize = 256;

/// No permit became free in time. The client may try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many sign-ins at the same time")]
pub(super) struct Busy;

/// The permits of a server.
pub(super) struct SignInPermits(Semaphore);

impl Default for SignInPermits {
    fn default() -> Self {
        Self(Semaphore::new(MAX_CONCURRENT_SIGN_INS))
    }
}

impl SignInPermits {
    /// Waits for a permit, at most as long as `patience`. Its holder may wait for the store, but must not wait for a client.
    ///
    /// # Errors
    /// [`Busy`] if no permit becomes free in time.
    pub(super) async fn acquire(&self, patience: Duration) -> Result<SemaphorePermit<'_>, Busy> {
        match timeout(patience, self.0.acquire()).await {
            Ok(Ok(permit)) => Ok(permit),
            // The semaphore is never closed.
            Ok(Err(_)) | Err(_) => Err(Busy),
        }
    }
}
