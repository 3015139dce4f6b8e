//! A store in a PostgreSQL database, which many nodes share.

mod apply;
mod claims;
mod columns;
mod connect;
mod error;
mod facts;
mod known_facts;
mod listener;
mod migrations;
mod notifications;
mod pool;
mod postgres_store;
mod questions;
mod reads;
mod statement;
#[cfg(test)]
mod tests;
mod working_set;
mod writer;

pub(crate) use connect::{Database, Driver};
pub use error::PostgresOpenError;
pub(crate) use postgres_store::PostgresStore;
#[cfg(test)]
pub(in crate::server) use tests::TestDatabase;
