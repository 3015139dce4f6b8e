//! The threads that serve connections, one a shard, each with a runtime of its own: what a connection needs happens on
//! one core, and nothing moves between cores that need not.
//!
//! Tokio's scheduler for many threads serves whom it likes; with a thread's own everybody has their turn.

use std::{io, thread};

use tokio::runtime::{Builder, Handle};
use tokio_util::sync::{CancellationToken, DropGuard};

/// Every commit is told to every shard; more of them than this would cost more than they bring.
const MOST: usize = 8;

/// Threads that live as long as this does.
pub(crate) struct ShardRuntimes {
    handles: Vec<Handle>,
    _stop_when_dropped: DropGuard,
}

impl ShardRuntimes {
    /// How many shards this machine is good for: the cores that this process may use, within reason.
    pub(crate) fn count() -> usize {
        thread::available_parallelism().map_or(1, usize::from).min(MOST)
    }

    /// Starts so many.
    pub(crate) fn start(count: usize) -> io::Result<Self> {
        let stop = CancellationToken::new();
        let handles = (0..count).map(|index| start_one(index, stop.clone())).collect::<io::Result<_>>()?;
        Ok(Self { handles, _stop_when_dropped: stop.drop_guard() })
    }

    /// A way to each of them.
    pub(crate) fn handles(&self) -> &[Handle] {
        &self.handles
    }
}

fn start_one(index: usize, stop: CancellationToken) -> io::Result<Handle> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let handle = runtime.handle().clone();
    thread::Builder::new().name(format!("shard-{index}")).spawn(move || {
        runtime.block_on(stop.cancelled_owned());
        // Whatever still hangs is not waited for.
        runtime.shutdown_background();
    })?;
    Ok(handle)
}
