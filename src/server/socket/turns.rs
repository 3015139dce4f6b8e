//! Turns at coming in.
//!
//! Letting somebody in takes some kilobytes for as long as the store is asked about them. After a restart everybody comes
//! at once, and ten thousand times as much would be taken, once, and hardly ever be given back.

use std::time::Duration;

use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::timeout,
};

use crate::protocol::CloseCode;

use super::line::Farewell;

/// How many are let in at a time: as many as the store writes together.
const AT_ONCE: usize = 256;

/// How long somebody waits; then they may come again.
const LONGEST: Duration = Duration::from_secs(20);

/// The turns of a server.
pub(in crate::server) struct Turns(Semaphore);

impl Default for Turns {
    fn default() -> Self {
        Self(Semaphore::new(AT_ONCE))
    }
}

impl Turns {
    /// Waits for a turn. Whoever has one waits for the store, and never for their peer.
    pub(super) async fn take(&self) -> Result<SemaphorePermit<'_>, Farewell> {
        match timeout(LONGEST, self.0.acquire()).await {
            Ok(Ok(turn)) => Ok(turn),
            _ => Err(Farewell::wordless(Some(CloseCode::Restarting))),
        }
    }
}
