//! What goes over the wire, version 1: one JSON object a text frame, tagged by `type`.
//!
//! `docs/protocol.md` tells it to people who write clients; every example there is parsed by a test.

mod client;
mod error;
mod from_json;
mod http;
mod server;
mod simple;

pub use client::{ClientFrame, DecodeError, Hello};
pub use error::{CloseCode, ErrorCode};
pub use from_json::{FromJson, field, optional};
pub use http::{
    BlockList, DeleteAccountRequest, InviteCreated, InviteList, InviteRequest, PasswordRequest, Problem, ReportRequest,
    SanctionList, SessionCreated, SessionList, SessionRequest,
};
pub use server::{ErrorFrame, ServerFrame, Welcome};
pub use simple::{SimpleReply, SimpleRequest, SimpleToken};

/// The version of the protocol that this is.
pub const VERSION: u32 = 1;

/// The largest frame or message that the server reads, in bytes.
pub const MAX_FRAME_BYTES: usize = 64 * 1024;

/// How many missed events are replayed to somebody who comes back; with more, `reset`.
pub const MAX_REPLAYED_EVENTS: u64 = 1_000;

/// How many users `online` lists at most; with more of them, only their count is told.
pub const MAX_LISTED_ONLINE: usize = 200;

/// Reads a JSON object. Serde takes an array of a struct's fields for the struct as well; this protocol does not.
///
/// # Errors
/// For anything but an object that is a `T`.
pub fn from_object<'a, T: serde::Deserialize<'a>>(json: &'a [u8]) -> serde_json::Result<T> {
    match json.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'{') | None => serde_json::from_slice(json),
        Some(_) => Err(serde::de::Error::custom("not an object")),
    }
}
