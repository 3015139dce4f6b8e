//! The wire format, version 1: every WebSocket frame and every HTTP body.
//!
//! A frame is a text message with one JSON object, tagged by `type`. `docs/protocol.md` describes the format for authors of
//! clients, and a test parses every example there. Events, messages, users and other domain values derive their JSON in
//! `domain`.

mod client;
mod domain_from_json;
mod error;
mod frames_from_json;
mod from_json;
mod http;
mod limits;
mod messages_from_json;
mod object;
mod server;
mod simple;

pub use client::{ClientFrame, DecodeError, Hello};
pub use error::{CloseCode, ErrorCode};
pub use from_json::{FromJson, field, optional};
pub use http::{
    BlockList, DeleteAccountRequest, InviteCreated, InviteList, InviteRequest, PasswordRequest, Problem, ReportRequest,
    SanctionList, SessionCreated, SessionList, SessionRequest,
};
pub use limits::{MAX_FRAME_BYTES, MAX_LISTED_ONLINE, MAX_REPLAYED_EVENTS, VERSION};
pub use object::from_object;
pub use server::{ErrorFrame, ServerFrame, Welcome};
pub use simple::{SimpleReply, SimpleRequest, SimpleToken};
