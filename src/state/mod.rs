//! The state of a client, as pure reducers: the old state and a frame give the new state.
//!
//! Nothing here depends on Leptos or the browser, so proptest can test all of it on any machine.

mod avatar_hues;
mod blocks;
mod conversations;
mod fold;
mod message_list;
mod missed_changes;
mod originals;
mod outbox;
mod outgoing;
mod presence;
mod rows;
mod thread_events;
mod timeline;
mod typing;
mod unread;

pub use blocks::Blocks;
pub use conversations::Conversations;
pub use fold::apply_change;
pub use missed_changes::{MissedChanges, MissedReaction, ReadMessages, missed_changes};
pub use originals::{Original, Originals};
pub use outbox::Outbox;
pub use outgoing::{OutboxCommand, Outgoing, OutgoingStatus};
pub use presence::Presence;
pub use rows::{Row, RowKey, rows};
pub use thread_events::in_thread;
pub use timeline::{PageRange, Timeline};
pub use typing::{TYPING_LASTS, Typing};
pub use unread::UnreadCount;
