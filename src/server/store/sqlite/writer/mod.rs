//! The writer: the only thread that changes the database.
//!
//! Commands come through the [queue], and the [commit loop](commit_loop) commits them in batches. Read marks gather
//! [beside](read_marks) the queue. What was committed leaves through the [feed].

pub(super) mod commit_loop;
mod feed;
mod group_commit;
pub(super) mod queue;
pub(super) mod read_marks;
