//! Test servers and test clients. Every wait has a time limit.

mod accounts;
mod client;
mod database;
mod process;
mod raw;
mod server;
mod simple;

use std::time::Duration;

pub(crate) use accounts::{PASSWORD, register_user, register_with_role, set_password, sign_in};
pub(crate) use client::{Ack, TestClient, event_text};
pub(crate) use database::{Database, TestData, on_postgres, only_on_sqlite};
pub(crate) use process::{FakeClock, PROGRAM, TestProcess};
pub(crate) use raw::{Closed, RawClient};
pub(crate) use server::{StoredCounts, TestServer};
pub(crate) use simple::SimpleClient;

/// Longer than any step takes on a busy machine.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(30);

/// Awaits `future`; panics after [`TIMEOUT`]. `what` names it in the panic message.
pub(crate) async fn with_timeout<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(TIMEOUT, future).await.unwrap_or_else(|_| panic!("waited too long for {what}"))
}
