//! `teahouse verify`: holds a store against itself.
//!
//! It folds the commit log anew, with code that shares nothing with the rules or the writer, and compares the result with
//! every projection. It reads one snapshot, so a server may run on the folder meanwhile.
//!
//! What the log does not hold cannot be compared: a text that was replaced by another valid one, read marks (these are held
//! within the bounds that the log gives), sessions, reports and the audit log.

mod findings;
mod fold_entries;
mod fold_events;
mod fold_listeners;
mod fold_rooms;
mod order;
mod structure;
#[cfg(test)]
mod tests;
mod verification;

pub use findings::Findings;
pub use verification::{VerifyError, verify};
