//! The panel with a thread: its first message, the replies, and a composer.

mod lazy_panel;
mod panel;

pub(super) use lazy_panel::LazyThread;
