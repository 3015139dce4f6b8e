//! The admin pages as HTML. They are compiled into the server only, so they add nothing to what browsers download.

pub(super) mod admin_page;
pub(super) mod audit;
pub(super) mod document;
pub(super) mod invites;
pub(super) mod outcome;
mod qr_code;
pub(super) mod reports;
pub(super) mod sanctions;
pub(super) mod user;
pub(super) mod users;
