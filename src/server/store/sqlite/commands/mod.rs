//! The changes that the writer makes, one a file.

mod account_deletion;
mod accounts;
mod append;
mod apply_event;
mod blocks;
mod clock;
mod create_user;
mod departures;
mod directs;
mod end_sessions;
mod expiry;
pub(crate) mod guest_sanctions;
mod invites;
mod join;
mod message_deletion;
mod moderation;
mod networks;
mod reports;
mod retention;
mod submit;

pub(crate) use crate::server::store::sqlite::commands::account_deletion::EraseSome;
pub(crate) use crate::server::store::sqlite::commands::accounts::{
    BeginSession, EndSession, EndSessions, RenewPassword, SeeSession, SetPassword,
};
pub(crate) use crate::server::store::sqlite::commands::append::{PendingMessage, end};
pub(crate) use crate::server::store::sqlite::commands::blocks::{Block, Hide, Unblock};
pub(crate) use crate::server::store::sqlite::commands::clock::{KeepClock, written_before};
pub(crate) use crate::server::store::sqlite::commands::create_user::{CreateUser, Release};
pub(crate) use crate::server::store::sqlite::commands::directs::find_user;
pub(crate) use crate::server::store::sqlite::commands::end_sessions::EndGuests;
pub(crate) use crate::server::store::sqlite::commands::invites::{RevokeInvite, is_open};
pub(crate) use crate::server::store::sqlite::commands::join::Join;
pub(crate) use crate::server::store::sqlite::commands::message_deletion::DeleteMessage;
pub(crate) use crate::server::store::sqlite::commands::moderation::Moderate;
pub(crate) use crate::server::store::sqlite::commands::networks::UnbanNetwork;
pub(crate) use crate::server::store::sqlite::commands::reports::ExpireReports;
pub(crate) use crate::server::store::sqlite::commands::retention::ExpireMessages;
pub(crate) use crate::server::store::sqlite::commands::submit::Submitted;
pub(crate) use crate::server::store::sqlite::tables::sanctions::{check_write, may_write};
