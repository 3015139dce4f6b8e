//! What a client knows, as pure reducers: old state and a frame give the new state.
//!
//! Nothing here knows Leptos or the browser, so all of it runs under proptest on any machine.

mod avatar_hues;
mod blocks;
mod conversations;
mod fold;
mod outbox;
mod presence;
mod rows;
mod timeline;
mod typing;

pub use blocks::Blocks;
pub use conversations::{Conversations, Count};
pub use fold::show;
pub use outbox::{Outbox, OutboxCommand, Outgoing, OutgoingStatus};
pub use presence::Presence;
pub use rows::{Row, RowKey, rows};
pub use timeline::{PageRange, Timeline};
pub use typing::{TYPING_LASTS, Typing};
