//! The settings: language, theme, blocked users and the user's own account.

mod account;
mod blocked;
mod messages;
mod popover;
mod sessions;
mod user_agent;

pub(super) use popover::Settings;
