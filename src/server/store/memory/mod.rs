//! The reference store: everything in memory, small and obvious. What it does is what every store must do; the tests of
//! `store::contract` hold the others against it.

mod accounts;
mod apply;
mod conversations;
mod facts;
mod history;
mod log;
mod memory_store;
mod message_changes;
mod moderation;
mod queries;
mod reading;
mod rooms;
mod rows;
mod state;
mod threads;

pub(crate) use memory_store::MemoryStore;
pub(crate) use rows::{ConversationRow, EventRow, MemberRow, RoomRow};
pub(crate) use state::State;
