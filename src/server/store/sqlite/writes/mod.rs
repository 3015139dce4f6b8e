//! The changes that the writer makes, one a file.

mod account;
mod account_deletion;
mod append;
mod audit;
mod block;
mod deletion;
mod direct;
mod expiry;
mod fold;
mod gone;
mod guest;
mod invite;
mod join;
mod mark;
mod moderation;
mod network;
mod report;
mod retention;
mod sanction;
mod session_end;

pub(super) use account::{BeginSession, EndSession, EndSessions, RenewPassword, SeeSession, SetPassword};
pub(super) use account_deletion::EraseSome;
pub(super) use append::{Post, end};
pub(super) use block::{Block, Hide, Unblock};
pub(super) use deletion::DeleteMessage;
pub(super) use direct::find_user;
pub(super) use guest::{CreateUser, Release};
pub(super) use invite::{RevokeInvite, is_open};
pub(super) use join::Join;
pub(super) use moderation::Moderate;
pub(super) use network::UnbanNetwork;
pub(super) use report::ExpireReports;
pub(super) use retention::ExpireMessages;
pub(super) use sanction::{check_write, may_write};
pub(super) use session_end::EndGuests;
