//! The browser's side of the talk: the connection, the fetches, and the store that the page reads.
//!
//! Frames go one way: `connection` reads them, `apply` folds them into signals, the page shows the
//! signals; what people do goes through [`Store`]'s methods back to the connection.

mod api;
pub(crate) mod browser;
mod clock;
mod connection_status;
mod incoming;
mod outbox;
mod small_map;
mod socket;
mod store;

pub use crate::client::api::{Refusal, end_session, join, report, sessions};
pub use crate::client::connection_status::ConnectionStatus;
pub use clock::now;
pub use store::{DraftState, Edit, LoadState, Store};
