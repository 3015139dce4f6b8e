//! The sidebar: recipient picker, conversations, online users and settings.

mod former_users;
mod lists;
mod marks;
mod panel;
mod rooms;

pub(super) use panel::Sidebar;
