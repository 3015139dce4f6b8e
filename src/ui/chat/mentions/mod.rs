//! The messages of which the user was told, in all conversations, and the way to them.

mod lazy_mentions;
mod listing;
mod row;
mod screen;

pub(super) use lazy_mentions::LazyMentions;
