//! What only this store promises: nodes side by side, lost connections, lost answers.

mod cut_proxy;
mod failures;
mod nodes;
mod plans;
mod reading;
mod test_database;
mod tls;
mod versions;

pub(in crate::server) use test_database::TestDatabase;
