//! One thread with its own Tokio runtime per shard. A connection is served on one core, and its data stays there.
//!
//! With Tokio's multi-threaded scheduler, which steals tasks, some connections wait much longer than others.

use std::{io, thread};

use tokio::runtime::{Builder, Handle};
use tokio_util::sync::{CancellationToken, DropGuard};

/// Every commit goes to every shard, so more shards than this would cost more than they bring.
const MAX_SHARDS: usize = 8;

/// The runtimes. Their threads end when this is dropped.
pub(crate) struct ShardRuntimes {
    handles: Vec<Handle>,
    _stop_when_dropped: DropGuard,
}

impl ShardRuntimes {
    /// How many shards suit this machine: one per core that the process may use, up to eight.
    pub(crate) fn default_count() -> usize {
        thread::available_parallelism().map_or(1, usize::from).min(MAX_SHARDS)
    }

    /// Starts `count` threads.
    ///
    /// # Errors
    /// If the system provides no more threads.
    pub(crate) fn start(count: usize) -> io::Result<Self> {
        let stop = CancellationToken::new();
        let handles = (0..count).map(|index| start_thread(index, stop.clone())).collect::<io::Result<_>>()?;
        Ok(Self { handles, _stop_when_dropped: stop.drop_guard() })
    }

    /// The runtimes' handles, in the order of the shards.
    pub(crate) fn handles(&self) -> &[Handle] {
        &self.handles
    }
}

fn start_thread(index: usize, stop: CancellationToken) -> io::Result<Handle> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let handle = runtime.handle().clone();
    thread::Builder::new().name(format!("shard-{index}")).spawn(move || {
        runtime.block_on(stop.cancelled_owned());
        // Does not wait for tasks that are still blocked.
        runtime.shutdown_background();
    })?;
    Ok(handle)
}
