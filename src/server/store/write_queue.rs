//! The writer's queue: bounded, in order.
//!
//! A push does not wake the writer at once. A task does, when everything that is ready to run on the pushing thread has
//! run, because other tasks there may push as well: commands that arrive together share a commit and a sync of the disk.

use std::{
    collections::VecDeque,
    mem,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    runtime::Handle,
    sync::{Semaphore, oneshot},
    time::timeout,
};

use crate::server::store::{
    commit_log::Position, error::StoreError, feed::Delivery, group_commit::GroupCommit, job::Job,
};

/// How many jobs may wait for the writer. Beyond that, callers wait to push.
const CAPACITY: usize = 1_024;

/// How long a caller waits to push before the store counts as stuck.
const PUSH_TIMEOUT: Duration = Duration::from_secs(10);

/// Why a job was not queued.
#[derive(Debug, thiserror::Error)]
pub(crate) enum QueueError {
    /// The store is closing, or the writer thread has ended.
    #[error("the queue is closed")]
    Closed,
    /// The queue stayed full.
    #[error("the queue is stuck")]
    Stuck,
}

/// What the writer does on behalf of somebody.
pub(crate) enum Work {
    Job(Box<dyn Job>),
    /// Saves the position of a consumer of the commit log.
    SaveConsumer {
        name: &'static str,
        position: Position,
        reply: oneshot::Sender<Result<(), StoreError>>,
    },
}

impl Work {
    /// Replies after the commit or its failure.
    pub(super) fn finish(self, is_committed: bool, deliveries: &mut Vec<Delivery>) {
        match self {
            Self::Job(job) => job.finish(is_committed, deliveries),
            // The receiver is gone if the consumer was cancelled.
            Self::SaveConsumer { reply, .. } => {
                drop(reply.send(if is_committed { Ok(()) } else { Err(StoreError::Unavailable) }));
            }
        }
    }
}

/// What [`WriteQueue::take_batch`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BatchKind {
    /// There are jobs, or read marks to be saved.
    Work,
    /// Nothing came within the time.
    Idle,
    /// The queue is closed and empty.
    Closed,
}

/// The queue between the store's callers and the writer thread.
#[derive(Debug)]
pub(crate) struct WriteQueue {
    state: Mutex<WriteQueueState>,
    /// Wakes the writer.
    changed: Condvar,
    /// A permit for each free place.
    room: Semaphore,
}

#[derive(Default)]
struct WriteQueueState {
    jobs: VecDeque<Work>,
    /// Whether read marks wait to be saved.
    has_marks: bool,
    /// Whether a [`Wake`] is on its way.
    will_be_woken: bool,
    /// How many jobs the writer is waiting for; with fewer it is not woken.
    wake_at: usize,
    /// Whether pushing is refused.
    is_closed: bool,
}

impl std::fmt::Debug for WriteQueueState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WriteQueueState").field("jobs", &self.jobs.len()).finish_non_exhaustive()
    }
}

impl WriteQueue {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { state: Mutex::default(), changed: Condvar::new(), room: Semaphore::new(CAPACITY) })
    }

    /// Queues a job. Its place in the order is fixed when this returns.
    pub(crate) async fn push(self: &Arc<Self>, job: Work) -> Result<(), QueueError> {
        match timeout(PUSH_TIMEOUT, self.room.acquire()).await {
            // The writer gives the permit back.
            Ok(Ok(permit)) => permit.forget(),
            Ok(Err(_closed)) => return Err(QueueError::Closed),
            Err(_elapsed) => return Err(QueueError::Stuck),
        }
        let mut state = self.state();
        if state.is_closed {
            return Err(QueueError::Closed);
        }
        state.jobs.push_back(job);
        self.wake_soon(state);
        Ok(())
    }

    /// Tells the writer that read marks wait to be saved.
    pub(crate) fn notify_read_marks(self: &Arc<Self>) {
        let mut state = self.state();
        state.has_marks = true;
        self.wake_soon(state);
    }

    /// Refuses further jobs. The writer still does those that are queued.
    pub(crate) fn close(&self) {
        self.state().is_closed = true;
        self.room.close();
        self.changed.notify_one();
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.state().is_closed
    }

    /// For the writer: waits until there is something to do, at most `idle_timeout`, and then for the rest of the expected
    /// group. Adds at most `limit` jobs to `jobs`.
    pub(crate) fn take_batch(
        &self,
        jobs: &mut Vec<Work>,
        limit: usize,
        idle_timeout: Option<Duration>,
        group: GroupCommit,
    ) -> BatchKind {
        let state = self.state();
        let has_nothing = |state: &mut WriteQueueState| state.jobs.is_empty() && !state.has_marks && !state.is_closed;
        let mut state = match idle_timeout {
            Some(idle_timeout) => {
                let waited = self.changed.wait_timeout_while(state, idle_timeout, has_nothing);
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
            None => self.changed.wait_while(state, has_nothing).unwrap_or_else(PoisonError::into_inner),
        };
        let is_short = |state: &mut WriteQueueState| state.jobs.len() < group.expected && !state.is_closed;
        if !state.jobs.is_empty() && is_short(&mut state) {
            state.wake_at = group.expected;
            let waited = self.changed.wait_timeout_while(state, group.max_wait, is_short);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
            state.wake_at = 0;
        }
        let count = state.jobs.len().min(limit);
        jobs.extend(state.jobs.drain(..count));
        self.room.add_permits(count);
        if mem::take(&mut state.has_marks) || count > 0 {
            BatchKind::Work
        } else if state.is_closed {
            BatchKind::Closed
        } else {
            BatchKind::Idle
        }
    }

    /// How many jobs wait.
    pub(crate) fn len(&self) -> usize {
        self.state().jobs.len()
    }

    /// Wakes the writer when everything that is ready to run on this thread has run.
    fn wake_soon(self: &Arc<Self>, mut state: MutexGuard<'_, WriteQueueState>) {
        if mem::replace(&mut state.will_be_woken, true) {
            return;
        }
        drop(state);
        let wake = Wake(Arc::clone(self));
        match Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn(async move { drop(wake) })),
            Err(_none) => drop(wake),
        }
    }

    fn state(&self) -> MutexGuard<'_, WriteQueueState> {
        // Nothing under this lock panics half-way through a change.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Wakes the writer when it is dropped. So it does even if its thread ends before the task runs.
struct Wake(Arc<WriteQueue>);

impl Drop for Wake {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.will_be_woken = false;
        if state.jobs.len() >= state.wake_at {
            self.0.changed.notify_one();
        }
    }
}

/// The writer's end of the queue. Dropping it closes the queue and fails the jobs in it.
pub(crate) struct QueueReceiver(pub(crate) Arc<WriteQueue>);

impl Drop for QueueReceiver {
    fn drop(&mut self) {
        self.0.close();
        // Dropping a job closes the channel to its caller.
        self.0.state().jobs.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn work() -> Work {
        let (reply, _) = oneshot::channel();
        Work::SaveConsumer { name: "test", position: Position::START, reply }
    }

    /// Takes a batch on another thread, and returns how many jobs it took.
    fn take_batch(queue: &Arc<WriteQueue>, group: GroupCommit) -> std::thread::JoinHandle<usize> {
        let queue = Arc::clone(queue);
        std::thread::spawn(move || {
            let mut jobs = Vec::new();
            queue.take_batch(&mut jobs, 8, None, group);
            jobs.len()
        })
    }

    #[tokio::test]
    async fn the_writer_sleeps_until_the_expected_group_is_there() {
        let queue = WriteQueue::new();
        let taking =
            take_batch(&queue, GroupCommit { expected: 2, max_wait: Duration::from_mins(1), ..GroupCommit::default() });
        queue.push(work()).await.expect("room in the queue");
        tokio::task::yield_now().await;
        queue.push(work()).await.expect("room in the queue");
        tokio::task::yield_now().await;
        assert_eq!(taking.join().expect("a take"), 2);
    }

    #[tokio::test]
    async fn the_writer_starts_without_jobs_that_do_not_come() {
        let queue = WriteQueue::new();
        let taking = take_batch(
            &queue,
            GroupCommit { expected: 2, max_wait: Duration::from_millis(1), ..GroupCommit::default() },
        );
        queue.push(work()).await.expect("room in the queue");
        tokio::task::yield_now().await;
        assert_eq!(taking.join().expect("a take"), 1);
    }

    #[tokio::test]
    async fn closing_ends_the_wait_for_a_group() {
        let queue = WriteQueue::new();
        queue.push(work()).await.expect("room in the queue");
        let taking =
            take_batch(&queue, GroupCommit { expected: 2, max_wait: Duration::from_mins(1), ..GroupCommit::default() });
        queue.close();
        assert_eq!(taking.join().expect("a take"), 1);
    }
}
