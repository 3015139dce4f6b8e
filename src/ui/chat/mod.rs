//! The chat screen: the sidebar, the open conversation and its composer.

mod companion;
pub(crate) mod composer;
mod conversation;
mod conversation_menu;
mod mentions;
mod message_view;
mod pins;
mod quote;
mod recipient;
pub(crate) mod screen;
mod sidebar;
mod thread;
mod timeline;
