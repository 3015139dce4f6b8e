//! Users who come for the first time during the run: each from its own address loads the page and signs in as a guest.
//! A monitor checks the server's health meanwhile.

use std::{net::SocketAddr, time::Duration};

use futures_util::StreamExt as _;
use reqwest::{Client, header};
use teahouse::protocol::{FromJson as _, ServerFrame};
use tokio::{
    task::JoinSet,
    time::{Instant, interval, sleep, timeout},
};

use super::{
    connection::{SourceAddress, guest_hello},
    durations::Durations,
};

/// The second byte of their addresses.
const NETWORK: u8 = 11;

/// The time between two new users, and between two health checks.
const INTERVAL: Duration = Duration::from_millis(500);

/// How long a new user tries before giving up.
const TIMEOUT: Duration = Duration::from_secs(20);

/// The pause between two attempts.
const RETRY: Duration = Duration::from_millis(200);

/// What the new users and the monitor observed.
#[derive(Debug, Default)]
pub(crate) struct NewUserResults {
    pub(crate) started: u64,
    /// Time until the page had loaded, from the first attempt on.
    pub(crate) page_times: Durations,
    /// Time from the loaded page until the welcome.
    pub(crate) sign_in_times: Durations,
    pub(crate) health_checks: u64,
    /// Health checks that were answered within a second.
    pub(crate) healthy: u64,
}

impl NewUserResults {
    /// How many new users gave up.
    pub(crate) fn failed(&self) -> u64 {
        self.started - self.sign_in_times.len()
    }
}

/// Starts new users for `duration` and waits for the last one. Each `phase` has its own addresses.
pub(crate) async fn run(server: SocketAddr, phase: usize, duration: Duration) -> NewUserResults {
    let mut results = NewUserResults::default();
    let mut visits = JoinSet::new();
    let end = Instant::now() + duration;
    let mut tick = interval(INTERVAL);
    let client = Client::new();
    while Instant::now() < end {
        tick.tick().await;
        let number = phase * 10_000 + usize::try_from(results.started).unwrap_or_default();
        visits.spawn(timeout(TIMEOUT, visit(server, number)));
        results.started += 1;
        results.health_checks += 1;
        let response = timeout(Duration::from_secs(1), client.get(format!("http://{server}/healthz")).send()).await;
        results.healthy +=
            u64::from(response.is_ok_and(|answer| answer.is_ok_and(|answer| answer.status().is_success())));
    }
    while let Some(visit) = visits.join_next().await {
        if let Ok(Ok((page, welcome))) = visit {
            results.page_times.record(page);
            results.sign_in_times.record(welcome);
        }
    }
    results
}

/// Loads the page and signs in. Returns how long each took.
async fn visit(server: SocketAddr, number: usize) -> (Duration, Duration) {
    let address = SourceAddress::new(NETWORK, number);
    let start = Instant::now();
    while load_page(server, address).await.is_none() {
        sleep(RETRY).await;
    }
    let page = start.elapsed();
    let start = Instant::now();
    while !sign_in(server, address, number).await.unwrap_or_default() {
        sleep(RETRY).await;
    }
    (page, start.elapsed())
}

async fn load_page(server: SocketAddr, address: SourceAddress) -> Option<()> {
    let client = Client::builder().local_address(address.ip()).build().ok()?;
    let request = client.get(format!("http://{server}/")).header(header::ACCEPT_ENCODING, "br");
    let answer = request.send().await.ok()?.error_for_status().ok()?;
    answer.bytes().await.ok().map(drop)
}

async fn sign_in(server: SocketAddr, address: SourceAddress, number: usize) -> Option<bool> {
    let mut socket = address.connect_with_hello(server, guest_hello(format!("new user {number}"))).await?;
    let first = socket.next().await?.ok()?;
    Some(matches!(ServerFrame::from_json(first.to_text().ok()?), Some(ServerFrame::Welcome(_))))
}
