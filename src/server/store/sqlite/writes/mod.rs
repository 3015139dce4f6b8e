//! The changes that the writer makes, one a file.

mod account;
mod append;
mod direct;
mod fold;
mod guest;

pub(super) use account::{BeginSession, EndSession, ExpireGuests, SeeSession, SetPassword};
pub(super) use guest::{CreateGuest, Release};
