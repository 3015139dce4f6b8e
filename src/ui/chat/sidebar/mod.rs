//! The sidebar: recipient picker, conversations, online users and settings.

mod draft_mark;
mod former_users;
mod lists;
mod marks;
mod panel;
mod rooms;

pub(super) use panel::Sidebar;
