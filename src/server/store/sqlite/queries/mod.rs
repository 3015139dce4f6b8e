//! Reads, each from one snapshot of the database.

pub(crate) mod accounts;
pub(crate) mod conversations;
pub(crate) mod history;
pub(crate) mod moderation;
mod rows;
