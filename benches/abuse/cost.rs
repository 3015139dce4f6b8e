//! How much of an attack reached the server. Results about a server that was never really attacked show nothing.

use std::{
    io::{BufRead as _, BufReader},
    process::ChildStdout,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use clap::ValueEnum as _;
use tokio::time::sleep;

use super::attack_kind::AttackKind;

/// Counters of one kind of attack.
#[derive(Debug, Default)]
pub(crate) struct Cost {
    connected: AtomicUsize,
    max_connected: AtomicUsize,
    connections: AtomicU64,
    refused: AtomicU64,
    frames_sent: AtomicU64,
}

/// Counts one attacker as connected until it is dropped.
pub(crate) struct ConnectedGuard<'a>(&'a Cost);

impl Cost {
    pub(crate) fn connected(&self) -> ConnectedGuard<'_> {
        let now = self.connected.fetch_add(1, Ordering::Relaxed) + 1;
        self.max_connected.fetch_max(now, Ordering::Relaxed);
        self.connections.fetch_add(1, Ordering::Relaxed);
        ConnectedGuard(self)
    }

    pub(crate) fn count_refusal(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_frame(&self) {
        self.frames_sent.fetch_add(1, Ordering::Relaxed);
    }
}

impl Drop for ConnectedGuard<'_> {
    fn drop(&mut self) {
        self.0.connected.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The counters of all kinds, in the attackers' process.
#[derive(Debug, Default)]
pub(crate) struct Ledger([Arc<Cost>; 14]);

impl Ledger {
    pub(crate) fn cost_of(&self, kind: AttackKind) -> Arc<Cost> {
        Arc::clone(&self.0[kind as usize])
    }

    /// Prints all counters twice a second, as [`LedgerReader`] parses them.
    pub(crate) async fn print_repeatedly(&self) {
        loop {
            sleep(Duration::from_millis(500)).await;
            let numbers = self.0.iter().map(|cost| {
                let Cost { max_connected, connections, refused, frames_sent, .. } = &**cost;
                let [connections, refused, frames_sent] =
                    [connections, refused, frames_sent].map(|count| count.load(Ordering::Relaxed));
                format!("{} {connections} {refused} {frames_sent}", max_connected.load(Ordering::Relaxed))
            });
            println!("{}", numbers.collect::<Vec<_>>().join(" "));
        }
    }
}

/// The last line of counters that the attackers printed.
pub(crate) struct LedgerReader(Arc<Mutex<String>>);

/// The totals of one kind of attack.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct CostTotals {
    /// The most attackers connected at the same time.
    pub(crate) max_connected: u64,
    /// How often an attacker connected.
    pub(crate) connections: u64,
    /// How often the server refused an attacker.
    pub(crate) refused: u64,
    /// Frames that the server accepted.
    pub(crate) frames_sent: u64,
}

impl LedgerReader {
    /// Reads `attackers` in a thread, which ends with the attackers.
    pub(crate) fn spawn(attackers: ChildStdout) -> Self {
        let last_line = Arc::new(Mutex::new(String::new()));
        let shared_line = Arc::clone(&last_line);
        thread::spawn(move || {
            for line in BufReader::new(attackers).lines().map_while(Result::ok) {
                *shared_line.lock().unwrap_or_else(PoisonError::into_inner) = line;
            }
        });
        Self(last_line)
    }

    pub(crate) fn totals(&self) -> Vec<(AttackKind, CostTotals)> {
        let line = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let numbers: Vec<u64> = line.split(' ').filter_map(|number| number.parse().ok()).collect();
        let totals_of = |chunk: &[u64]| match *chunk {
            [max_connected, connections, refused, frames_sent] => {
                CostTotals { max_connected, connections, refused, frames_sent }
            }
            _ => CostTotals::default(),
        };
        AttackKind::value_variants().iter().copied().zip(numbers.chunks(4).map(totals_of)).collect()
    }
}
