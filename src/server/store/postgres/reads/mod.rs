//! Queries, each of which sees one snapshot of the database.

pub(super) mod accounts;
pub(super) mod conversations;
pub(super) mod history;
pub(super) mod log;
pub(super) mod message_changes;
pub(super) mod moderation;
pub(super) mod rooms;
pub(super) mod rows;
mod sql;
pub(super) mod threads;
mod unread;
