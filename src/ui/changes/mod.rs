//! Changes to messages: the pinned ones, earlier texts, and what has changed while the reader was away.
//!
//! Everything is in the chunk `chat`, to which `chunk` leads.

mod away;
mod chunk;
mod pins;
mod versions;

pub(crate) use away::Missed;
pub(crate) use chunk::LazyChanges;
