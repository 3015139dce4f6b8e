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
    line::{Address, guest},
    times::Times,
};

/// Where they live.
const STREET: u8 = 11;

/// Between two of them, and between two questions of how the server is.
const PAUSE: Duration = Duration::from_millis(500);

/// How long they try. Then they go elsewhere.
const PATIENCE: Duration = Duration::from_secs(20);

/// Between two tries.
const RETRY: Duration = Duration::from_millis(200);

/// What they saw.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) came: u64,
    /// How long the page took, from the first try on.
    pub(crate) pages: Times,
    /// And to be welcomed.
    pub(crate) welcomes: Times,
    pub(crate) health_checks: u64,
    /// Those that were answered within a second.
    pub(crate) answered: u64,
}

impl Seen {
    /// Who did not get what they came for.
    pub(crate) fn turned_away(&self) -> u64 {
        self.came - self.welcomes.len()
    }
}

/// Goes on for so long. `phase` keeps the addresses of two times apart.
pub(crate) async fn come(server: SocketAddr, phase: usize, length: Duration) -> Seen {
    let mut seen = Seen::default();
    let mut coming = JoinSet::new();
    let end = Instant::now() + length;
    let mut tick = interval(PAUSE);
    let watcher = Client::new();
    while Instant::now() < end {
        tick.tick().await;
        let number = phase * 10_000 + usize::try_from(seen.came).unwrap_or_default();
        coming.spawn(timeout(PATIENCE, come_one(server, number)));
        seen.came += 1;
        seen.health_checks += 1;
        let asked = timeout(Duration::from_secs(1), watcher.get(format!("http://{server}/healthz")).send()).await;
        seen.answered += u64::from(asked.is_ok_and(|answer| answer.is_ok_and(|answer| answer.status().is_success())));
    }
    while let Some(one) = coming.join_next().await {
        if let Ok(Ok((page, welcome))) = one {
            seen.pages.note(page);
            seen.welcomes.note(welcome);
        }
    }
    seen
}

/// The page, and then a welcome.
async fn come_one(server: SocketAddr, number: usize) -> (Duration, Duration) {
    let address = Address::of(STREET, number);
    let begin = Instant::now();
    while load(server, address).await.is_none() {
        sleep(RETRY).await;
    }
    let page = begin.elapsed();
    let begin = Instant::now();
    while !enter(server, address, number).await.unwrap_or_default() {
        sleep(RETRY).await;
    }
    (page, begin.elapsed())
}

async fn load(server: SocketAddr, address: Address) -> Option<()> {
    let client = Client::builder().local_address(address.ip()).build().ok()?;
    let request = client.get(format!("http://{server}/")).header(header::ACCEPT_ENCODING, "br");
    let answer = request.send().await.ok()?.error_for_status().ok()?;
    answer.bytes().await.ok().map(drop)
}

async fn enter(server: SocketAddr, address: Address, number: usize) -> Option<bool> {
    let mut socket = address.greet(server, guest(format!("newcomer {number}"))).await?;
    let first = socket.next().await?.ok()?;
    Some(matches!(ServerFrame::from_json(first.to_text().ok()?), Some(ServerFrame::Welcome(_))))
}
