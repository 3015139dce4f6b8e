//! The admin pages, at `/admin`: owners and moderators do by plain forms what the protocol's commands do.
//!
//! The server alone renders them, and they load no script. A successful form is answered by a redirect back to its page
//! (303), so that reloading the page does not repeat the action. Only what must not be part of an address is rendered as the
//! response itself: the link of a new invite, and a refusal together with what was typed.

mod audit;
mod i18n;
mod invites;
mod reports;
mod request;
mod routes;
mod sanctions;
mod time_left;
mod user;
mod users;
mod views;

pub(super) use routes::router;
