//! The writer of a node: one thread with one connection. All writers of a database stand in one line for the lock of the table
//! `log`, so the facts that a batch is decided on stay true until it is committed, and positions are in commit order.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `connection` | the writer's connection, and finding out what became of a commit |
//! | `answers` | several questions at once, and their answers |
//! | `transaction` | one attempt to decide and commit a batch, in two round trips where nothing surprises |
//! | `rehearsal` | which facts a batch will ask for, before it stands in the line |
//! | `retried_ids` | new ids, the same ones when a job is decided again |
//! | `commit_loop` | the thread: batches, attempts, replies |

mod answers;
pub(super) mod commit_loop;
mod connection;
mod rehearsal;
mod retried_ids;
mod transaction;

#[cfg(test)]
pub(super) use connection::SETTINGS;
