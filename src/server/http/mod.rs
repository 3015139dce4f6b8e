//! The HTTP API: JSON, errors as problem details (RFC 9457), one file per resource.

mod audit;
mod blocks;
mod conversations;
mod extract;
mod health;
mod invites;
mod me;
mod message_changes;
mod messages;
mod paths;
mod reports;
mod respond;
mod rooms;
mod routes;
mod security_txt;
mod session;
mod sessions;
mod threads;

pub(super) use paths::{is_api, is_health};
pub(super) use routes::router;
