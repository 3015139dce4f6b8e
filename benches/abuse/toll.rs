//! How much of an attack came through: what is told of a server that was never really attacked shows nothing.

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

use super::kind::Kind;

/// Of one kind.
#[derive(Debug, Default)]
pub(crate) struct Toll {
    inside: AtomicUsize,
    most: AtomicUsize,
    goes: AtomicU64,
    refused: AtomicU64,
    sent: AtomicU64,
}

/// One of them has got in, until it is dropped.
pub(crate) struct Inside<'a>(&'a Toll);

impl Toll {
    pub(crate) fn inside(&self) -> Inside<'_> {
        let now = self.inside.fetch_add(1, Ordering::Relaxed) + 1;
        self.most.fetch_max(now, Ordering::Relaxed);
        self.goes.fetch_add(1, Ordering::Relaxed);
        Inside(self)
    }

    pub(crate) fn refused(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn sent(&self) {
        self.sent.fetch_add(1, Ordering::Relaxed);
    }
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.0.inside.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Of all kinds, in the attackers' process.
#[derive(Debug, Default)]
pub(crate) struct Books([Arc<Toll>; 14]);

impl Books {
    pub(crate) fn of(&self, kind: Kind) -> Arc<Toll> {
        Arc::clone(&self.0[kind as usize])
    }

    /// Prints them again and again, as [`Told`] reads them.
    pub(crate) async fn tell(&self) {
        loop {
            sleep(Duration::from_millis(500)).await;
            let numbers = self.0.iter().map(|toll| {
                let Toll { most, goes, refused, sent, .. } = &**toll;
                let [goes, refused, sent] = [goes, refused, sent].map(|count| count.load(Ordering::Relaxed));
                format!("{} {goes} {refused} {sent}", most.load(Ordering::Relaxed))
            });
            println!("{}", numbers.collect::<Vec<_>>().join(" "));
        }
    }
}

/// What the attackers told last.
pub(crate) struct Told(Arc<Mutex<String>>);

/// What became of one kind.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sum {
    /// How many were inside at once, at most.
    pub(crate) most: u64,
    /// How often one of them got in.
    pub(crate) goes: u64,
    /// How often one did not.
    pub(crate) refused: u64,
    /// Frames that the server took.
    pub(crate) sent: u64,
}

impl Told {
    /// Listens in a thread, which ends with the attackers.
    pub(crate) fn by(attackers: ChildStdout) -> Self {
        let last = Arc::new(Mutex::new(String::new()));
        let told = Arc::clone(&last);
        thread::spawn(move || {
            for line in BufReader::new(attackers).lines().map_while(Result::ok) {
                *told.lock().unwrap_or_else(PoisonError::into_inner) = line;
            }
        });
        Self(last)
    }

    pub(crate) fn sums(&self) -> Vec<(Kind, Sum)> {
        let line = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let numbers: Vec<u64> = line.split(' ').filter_map(|number| number.parse().ok()).collect();
        let sum = |chunk: &[u64]| match *chunk {
            [most, goes, refused, sent] => Sum { most, goes, refused, sent },
            _ => Sum::default(),
        };
        Kind::value_variants().iter().copied().zip(numbers.chunks(4).map(sum)).collect()
    }
}
