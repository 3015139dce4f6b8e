//! The changes that the writer makes, one a file.

mod append;
mod direct;
mod fold;
mod guest;

pub(super) use guest::{CreateGuest, EndSession, Release};
