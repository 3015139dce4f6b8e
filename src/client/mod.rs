//! The browser's side of the talk: the connection, the fetches, and the store that the page reads.
//!
//! Frames go one way: `connection` reads them, `apply` folds them into signals, the page shows the
//! signals; what people do goes through [`Store`]'s methods back to the connection.

mod apply;
mod clock;
mod connection;
mod few;
mod http;
mod link;
mod locks;
mod outbox;
mod storage;
mod store;
mod tab;

pub use clock::now;
pub use http::{Refusal, end_session, join, report, sessions};
pub use link::Link;
pub use store::{Edit, LoadState, Store, Written};
