//! The server: config → store → bind → [`Server::run`].
//!
//! A message goes one way: an endpoint (`socket` or `http`) → `chat` charges for it → `store` lets the `rules` decide, makes it
//! durable and gives it its place → `hub` delivers. Only `chat` writes to the store, and only `hub` writes to connections.

mod admin;
mod bus;
mod byte_size;
mod chat;
mod clock;
mod config;
mod edge;
mod error;
mod housekeeping;
mod http;
mod hub;
mod net;
mod open_store;
mod pages_api;
mod problem;
mod readiness;
mod router;
mod rules;
mod run;
mod sign_in;
mod sign_in_permits;
mod socket;
mod state;
mod store;
pub mod websocket;

pub(crate) use chat::{AllowedActions, ModerationRequest};
pub(crate) use clock::machine_time;
pub(crate) use net::cookies::cookie_values;
pub(crate) use pages_api::PageError;
pub(crate) use rules::ReportAction;
pub(crate) use sign_in::{SignInRequest, SignedIn};

pub use admin::{AdminCommand, AdminError, send_command};
pub use byte_size::{ByteSize, ByteSizeError};
pub use config::{Config, Limits, RetentionDays, Timing};
pub use edge::TlsError;
pub use net::{
    database_url::DatabaseUrl,
    public_url::{PublicUrl, PublicUrlError},
    report_url::{ReportUrl, ReportUrlError},
    scheme::Scheme,
    security_contact::{SecurityContact, SecurityContactError},
    session_cookie::session_token,
    site::Site,
};
pub use open_store::StoreOpenError;
pub use pages_api::PagesApi;
pub use run::{RunError, Server, StartError, back_up};
pub use store::{BackupError, Findings, LogReader, LogReaderError, OpenError, PostgresOpenError, VerifyError, verify};
