//! Tests of what the contract of all stores does not cover: files, failing commits, restarts.

mod failures;
mod log;
mod restarts;
mod support;
