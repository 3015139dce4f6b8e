//! The simple protocol: a WebSocket at `/{nickname}`, for scripts. Its frames are
//! [`SimpleRequest`](crate::protocol::SimpleRequest), [`SimpleReply`](crate::protocol::SimpleReply) and
//! [`SimpleToken`](crate::protocol::SimpleToken).

mod endpoint;
mod handler;
mod sign_in;

#[cfg(test)]
pub(super) use endpoint::open_session;
pub(in crate::server) use endpoint::{simple_endpoint, simple_ws_nickname};
#[cfg(test)]
pub(super) use handler::SimpleHandler;
#[cfg(test)]
pub(super) use sign_in::SimpleSignIn;
