//! The changes that the writer makes, each in a file of its own. Commands are made of the functions in `tables`.

mod account_deletion;
mod accounts;
mod append;
mod apply_event;
mod blocks;
mod clock;
mod create_user;
mod departures;
mod directs;
mod end_guests;
mod expiry;
mod invites;
mod join;
mod message_deletion;
mod moderation;
mod networks;
mod reports;
mod retention;
mod submit;

pub(super) use account_deletion::EraseBatch;
pub(super) use accounts::{BeginSession, EndSession, EndSessions, ReplacePasswordHash, SetPassword, TouchSession};
pub(super) use blocks::{BlockUser, HideDirect, UnblockUser};
pub(super) use clock::SaveClock;
pub(super) use create_user::CreateUser;
pub(super) use departures::ReleaseNickname;
pub(super) use directs::find_user;
pub(super) use end_guests::EndGuests;
pub(super) use invites::RevokeInvite;
pub(super) use join::JoinRoom;
pub(super) use message_deletion::DeleteMessage;
pub(super) use moderation::Moderate;
pub(super) use networks::UnbanNetwork;
pub(super) use reports::ExpireReports;
pub(super) use retention::ExpireMessages;
pub(super) use submit::SubmittedEvent;
