//! The formatting of messages.

mod formatting;
mod view;

pub(crate) use formatting::Formatting;
