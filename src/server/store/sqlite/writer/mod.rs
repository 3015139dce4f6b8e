//! The writer: the only thread that changes the database.
//!
//! Commands come as [jobs](job) through the [queue], and the [commit loop](commit_loop) commits them in batches.

pub(crate) mod cache;
pub(crate) mod commit_loop;
pub(crate) mod group_commit;
pub(crate) mod job;
pub(crate) mod queue;
pub(crate) mod read_barrier;
