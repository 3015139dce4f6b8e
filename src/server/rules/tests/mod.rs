//! Tests of single rules, and properties of all of them on histories of random commands. Tests of stores use the same
//! histories.

mod account_deletion;
pub(crate) mod any_command;
pub(crate) mod clock;
mod directs;
mod expiry;
mod folded_log;
mod log_tells_all;
mod logged_sanctions;
mod messages;
mod moderation;
mod properties;
mod reports;
pub(crate) mod resolve;
mod resolve_accounts;
mod scene;
mod sign_up;
pub(crate) mod step;
mod world;
