//! The progress of an upgrade, in the log: at every stage, and every few seconds.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::Duration,
};

use crate::server::store::sqlite::error::OpenError;

/// How often the log is told what is being done.
const INTERVAL: Duration = Duration::from_secs(3);

/// What is being done, and how much of it.
#[derive(Debug, Default)]
pub(super) struct UpgradeProgress {
    stage: Mutex<&'static str>,
    /// Rows copied so far, and all that there are to copy.
    done: AtomicU64,
    all: AtomicU64,
}

impl UpgradeProgress {
    /// Does some work while a thread writes its progress to the log.
    pub(super) fn follow<T>(work: impl FnOnce(&Self) -> Result<T, OpenError>) -> Result<T, OpenError> {
        let progress = Self::default();
        thread::scope(|scope| {
            let (end, ended) = mpsc::channel::<()>();
            thread::Builder::new()
                .name("upgrade-progress".into())
                .spawn_scoped(scope, || {
                    let ended = ended;
                    while ended.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Timeout) {
                        progress.log();
                    }
                })
                .map_err(OpenError::Thread)?;
            let result = work(&progress);
            // The thread ends when nobody can send any more.
            drop(end);
            result
        })
    }

    /// There are that many rows to copy.
    pub(super) fn expect(&self, rows: u64) {
        self.all.store(rows, Ordering::Relaxed);
    }

    /// Begins the next stage.
    pub(super) fn begin(&self, stage: &'static str) {
        *self.stage.lock().unwrap_or_else(PoisonError::into_inner) = stage;
        self.log();
    }

    /// So many rows more have been copied.
    pub(super) fn add(&self, rows: u64) {
        self.done.fetch_add(rows, Ordering::Relaxed);
    }

    fn log(&self) {
        let stage = *self.stage.lock().unwrap_or_else(PoisonError::into_inner);
        let (done, all) = (self.done.load(Ordering::Relaxed), self.all.load(Ordering::Relaxed));
        if let Some(percent) = (done * 100).checked_div(all) {
            tracing::info!("upgrade: {stage}; {done} of {all} rows copied ({percent} %)");
        } else {
            tracing::info!("upgrade: {stage}");
        }
    }
}
