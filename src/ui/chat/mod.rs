//! The chat screen: the sidebar, the open conversation and its composer.

pub(crate) mod composer;
pub(crate) mod conversation;
pub(crate) mod message_view;
pub(crate) mod recipient;
pub(crate) mod screen;
pub(crate) mod sidebar;
pub(crate) mod timeline;
