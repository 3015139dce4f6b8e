//! The bus of nodes that share a PostgreSQL database.
//!
//! - **Presence** is in two tables without write-ahead log. Each node has a row in `nodes`, which it renews every second, and a
//!   row in `online` for each user who is connected there. Every change gets the next version of its node, so the others read
//!   what is newer than they know. A node that has not renewed its row for `LEASE` counts as dead, by the database's clock.
//!   After a crash or a failover the tables are empty; then the nodes fill them again, and the others keep meanwhile what they
//!   knew.
//! - **Signals**, such as typing, are `NOTIFY` messages, gathered for a moment, and lost if nobody listens.
//! - **The leader** holds an advisory lock of its session, so the database gives it to another node when the connection ends.
//! - **The clock** of the database is the clock of all nodes (`server/clock.rs`).
//!
//! Nobody is told of presence by `NOTIFY`: commits with a `NOTIFY` wait for each other, and messages would wait for presence. A
//! look each second costs less, and is early enough.
//!
//! All of it uses one connection. Each failure means a new one, and then this node announces all its users again, under a new
//! [`NodeId`](crate::server::bus::NodeId), so that nobody needs to know what became of a lost transaction.

mod connection;
mod lease;
mod other_nodes;
mod postgres_bus;
mod publication;
mod signals;
#[cfg(test)]
mod tests;

pub(in crate::server) use postgres_bus::PostgresBus;
