//! The writer thread, its queue and what it keeps in memory.

pub(crate) mod cache;
pub(crate) mod commit_loop;
pub(crate) mod group_commit;
pub(crate) mod job;
pub(crate) mod queue;
pub(crate) mod read_barrier;
