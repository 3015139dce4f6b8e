//! The writer's queue: bounded, in order.
//!
//! The writer is woken once for all that its askers' thread brings in one turn, not at the first of them: what arrived
//! together shares a commit, and a sync of the disk.

use std::{
    collections::VecDeque,
    mem,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{runtime::Handle, sync::Semaphore, time::timeout};

use crate::server::store::sqlite::writer::{group_commit::GroupCommit, job::Job};

/// How many changes may wait for the writer; beyond that, askers wait to queue.
const MOST: usize = 1_024;

/// How long an asker waits to queue before the store counts as stuck.
const TURN: Duration = Duration::from_secs(10);

/// Why a change was not queued.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotQueued {
    /// The store closes, or its writer has ended.
    #[error("it has ended")]
    Ended,
    /// The queue stayed full.
    #[error("it is stuck")]
    Stuck,
}

/// What the writer is to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WriteTurn {
    /// What has gathered.
    Work,
    /// Nothing has come for a while.
    Pause,
    /// Nothing will come any more.
    End,
}

/// The queue.
#[derive(Debug)]
pub(crate) struct WriteQueue {
    waiting: Mutex<QueuedJob>,
    /// Wakes the writer.
    changed: Condvar,
    room: Semaphore,
}

#[derive(Default)]
struct QueuedJob {
    jobs: VecDeque<Box<dyn Job>>,
    /// There is something besides jobs to be saved.
    has_marks: bool,
    /// Somebody has undertaken to wake the writer.
    will_be_woken: bool,
    /// With fewer jobs the writer wants to sleep on.
    wanted: usize,
    /// Nothing is taken in any more.
    has_ended: bool,
}

impl std::fmt::Debug for QueuedJob {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Waiting").field("jobs", &self.jobs.len()).finish_non_exhaustive()
    }
}

impl WriteQueue {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { waiting: Mutex::default(), changed: Condvar::new(), room: Semaphore::new(MOST) })
    }

    /// Queues a change; its place is settled when this returns.
    pub(crate) async fn put(self: &Arc<Self>, job: Box<dyn Job>) -> Result<(), NotQueued> {
        match timeout(TURN, self.room.acquire()).await {
            // The writer gives it back.
            Ok(Ok(permit)) => permit.forget(),
            Ok(Err(_closed)) => return Err(NotQueued::Ended),
            Err(_elapsed) => return Err(NotQueued::Stuck),
        }
        let mut waiting = self.waiting();
        if waiting.has_ended {
            return Err(NotQueued::Ended);
        }
        waiting.jobs.push_back(job);
        self.wake_soon(waiting);
        Ok(())
    }

    /// Read marks have gathered.
    pub(crate) fn save_marks(self: &Arc<Self>) {
        let mut waiting = self.waiting();
        waiting.has_marks = true;
        self.wake_soon(waiting);
    }

    /// Takes nothing in any more; what is queued is still to be done.
    pub(crate) fn end(&self) {
        self.waiting().has_ended = true;
        self.room.close();
        self.changed.notify_one();
    }

    pub(crate) fn have_ended(&self) -> bool {
        self.waiting().has_ended
    }

    /// For the writer: waits until there is something to do, at most so long, and for the company that is expected; then
    /// takes at most so many jobs.
    pub(crate) fn take(
        &self,
        jobs: &mut Vec<Box<dyn Job>>,
        most: usize,
        patience: Option<Duration>,
        expected: GroupCommit,
    ) -> WriteTurn {
        let waiting = self.waiting();
        let has_nothing = |waiting: &mut QueuedJob| waiting.jobs.is_empty() && !waiting.has_marks && !waiting.has_ended;
        let mut waiting = match patience {
            Some(patience) => {
                let waited = self.changed.wait_timeout_while(waiting, patience, has_nothing);
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
            None => self.changed.wait_while(waiting, has_nothing).unwrap_or_else(PoisonError::into_inner),
        };
        let is_short = |waiting: &mut QueuedJob| waiting.jobs.len() < expected.count && !waiting.has_ended;
        if !waiting.jobs.is_empty() && is_short(&mut waiting) {
            waiting.wanted = expected.count;
            let waited = self.changed.wait_timeout_while(waiting, expected.patience, is_short);
            waiting = waited.unwrap_or_else(PoisonError::into_inner).0;
            waiting.wanted = 0;
        }
        let count = waiting.jobs.len().min(most);
        jobs.extend(waiting.jobs.drain(..count));
        self.room.add_permits(count);
        if mem::take(&mut waiting.has_marks) || count > 0 {
            WriteTurn::Work
        } else if waiting.has_ended {
            WriteTurn::End
        } else {
            WriteTurn::Pause
        }
    }

    /// How many jobs wait.
    pub(crate) fn len(&self) -> usize {
        self.waiting().jobs.len()
    }

    /// Wakes the writer when all that is ready to run on this thread has run: others may have something for it, too.
    fn wake_soon(self: &Arc<Self>, mut waiting: MutexGuard<'_, QueuedJob>) {
        if mem::replace(&mut waiting.will_be_woken, true) {
            return;
        }
        drop(waiting);
        let wake = Wake(Arc::clone(self));
        match Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn(async move { drop(wake) })),
            Err(_none) => drop(wake),
        }
    }

    fn waiting(&self) -> MutexGuard<'_, QueuedJob> {
        // Nothing under this lock panics half-way through a change.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Wakes the writer by being dropped, so that this happens even where a thread ends before it comes to it.
struct Wake(Arc<WriteQueue>);

impl Drop for Wake {
    fn drop(&mut self) {
        let mut waiting = self.0.waiting();
        waiting.will_be_woken = false;
        if waiting.jobs.len() >= waiting.wanted {
            self.0.changed.notify_one();
        }
    }
}

/// The writer's end of the queue: when it is dropped, nothing is queued any more and nobody waits for what is.
pub(crate) struct WriterEnd(pub(crate) Arc<WriteQueue>);

impl Drop for WriterEnd {
    fn drop(&mut self) {
        self.0.end();
        // Whoever waits for one of these learns that it will not be done.
        self.0.waiting().jobs.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::store::commits::Committed;

    struct Nothing;

    impl Job for Nothing {
        fn run(&mut self, _db: &rusqlite::Connection, _has_room: bool) -> bool {
            true
        }

        fn settle(self: Box<Self>, _committed: bool, _news: &mut Vec<Committed>) {}
    }

    /// Takes with that expectation, on a thread of its own, and tells how many it took.
    fn take(orders: &Arc<WriteQueue>, expected: GroupCommit) -> std::thread::JoinHandle<usize> {
        let orders = Arc::clone(orders);
        std::thread::spawn(move || {
            let mut jobs = Vec::new();
            orders.take(&mut jobs, 8, None, expected);
            jobs.len()
        })
    }

    #[tokio::test]
    async fn the_writer_sleeps_until_the_expected_company_is_there() {
        let orders = WriteQueue::new();
        let taking =
            take(&orders, GroupCommit { count: 2, patience: Duration::from_mins(1), ..GroupCommit::default() });
        orders.put(Box::new(Nothing)).await.expect("a place");
        tokio::task::yield_now().await;
        orders.put(Box::new(Nothing)).await.expect("a place");
        tokio::task::yield_now().await;
        assert_eq!(taking.join().expect("a take"), 2);
    }

    #[tokio::test]
    async fn the_writer_begins_without_those_who_do_not_come() {
        let orders = WriteQueue::new();
        let taking =
            take(&orders, GroupCommit { count: 2, patience: Duration::from_millis(1), ..GroupCommit::default() });
        orders.put(Box::new(Nothing)).await.expect("a place");
        tokio::task::yield_now().await;
        assert_eq!(taking.join().expect("a take"), 1);
    }

    #[tokio::test]
    async fn an_end_is_not_waited_for() {
        let orders = WriteQueue::new();
        orders.put(Box::new(Nothing)).await.expect("a place");
        let taking =
            take(&orders, GroupCommit { count: 2, patience: Duration::from_mins(1), ..GroupCommit::default() });
        orders.end();
        assert_eq!(taking.join().expect("a take"), 1);
    }
}
