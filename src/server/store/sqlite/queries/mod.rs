//! Reads, each from one snapshot of the database. Users and conversations have a UUID outside and a number inside; queries
//! take and return UUIDs.

pub(super) mod accounts;
pub(super) mod clock_offsets;
pub(super) mod conversations;
pub(super) mod history;
pub(super) mod log;
pub(super) mod message_changes;
pub(super) mod moderation;
pub(super) mod rooms;
pub(super) mod rows;
pub(super) mod threads;
mod unread;
