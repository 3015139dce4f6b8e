//! The writer: the only thread that changes the database. The [commit loop](commit_loop) commits what waits in the store's
//! queue, in batches.

pub(super) mod commit_loop;
