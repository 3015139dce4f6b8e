//! What a user can set of a conversation for themselves: in the sidebar, and above the open conversation.

mod actions;
mod menu;

pub(super) use menu::{LazyActions, menu_button};
