//! Those who come for the first time while others talk: each from an address of their own, each for the page, then as a
//! guest. And somebody who looks after the server, and asks how it is.

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

/// Where they live.
const NETWORK: u8 = 11;

/// Between two of them, and between two questions of how the server is.
const INTERVAL: Duration = Duration::from_millis(500);

/// How long they try. Then they go elsewhere.
const TIMEOUT: Duration = Duration::from_secs(20);

/// Between two tries.
const RETRY: Duration = Duration::from_millis(200);

/// What they saw.
#[derive(Debug, Default)]
pub(crate) struct NewUserResults {
    pub(crate) started: u64,
    /// How long the page took, from the first try on.
    pub(crate) page_times: Durations,
    /// And to be welcomed.
    pub(crate) sign_in_times: Durations,
    pub(crate) health_checks: u64,
    /// Those that were answered within a second.
    pub(crate) healthy: u64,
}

impl NewUserResults {
    /// Who did not get what they came for.
    pub(crate) fn failed(&self) -> u64 {
        self.started - self.sign_in_times.len()
    }
}

/// Goes on for so long. `phase` keeps the addresses of two times apart.
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

/// The page, and then a welcome.
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
