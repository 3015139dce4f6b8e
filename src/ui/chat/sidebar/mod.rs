//! The sidebar: recipient picker, conversations, online users and settings.

mod draft_mark;
mod former_users;
mod lists;
mod panel;
mod rooms;
mod unread;

pub(super) use panel::Sidebar;
