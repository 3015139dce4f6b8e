//! The chat screen: the sidebar, the open conversation and its composer.

mod companion;
pub(crate) mod composer;
mod conversation;
mod message_view;
mod pins;
mod recipient;
pub(crate) mod screen;
mod sidebar;
mod timeline;
