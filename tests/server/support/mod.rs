//! A server to talk to, and clients that talk. Every wait has a limit.

mod accounts;
mod client;
mod process;
mod raw;
mod server;
mod simple;

use std::time::Duration;

pub(crate) use accounts::{PASSWORD, appointed, registered, set_password, sign_in};
pub(crate) use client::{TestClient, says};
pub(crate) use process::{PROGRAM, TestProcess, WrongClock};
pub(crate) use raw::{Hangup, RawClient};
pub(crate) use server::{Stored, TestServer};
pub(crate) use simple::SimpleClient;

/// Longer than anything here takes on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// Waits for `future`, but not for ever.
pub(crate) async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.unwrap_or_else(|_| panic!("waited too long for {what}"))
}
