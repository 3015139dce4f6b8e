//! WebSocket connections: the upgrade, the sign-in, the session and the close.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `endpoints`, `simple/endpoint` | the routes of the full and the simple protocol |
//! | `upgrade` | from an HTTP request to a [`Transport`](transport::Transport) |
//! | `handshake`, `resume` | the full protocol's hello and welcome, and the replay of missed events |
//! | `simple/sign_in` | signing in over the simple protocol |
//! | `admission` | what both protocols do when a user signs in |
//! | `session` | the read loop of a signed-in connection |
//! | `commands`, `simple/handler` | what frames do |
//! | `transport`, `close_message` | reading, writing and closing |

mod admission;
mod close_message;
mod commands;
#[cfg(feature = "echo")]
mod echo;
mod endpoints;
mod handshake;
mod read_buffers;
mod resume;
mod session;
mod simple;
#[cfg(test)]
mod test_app;
#[cfg(test)]
mod tests;
mod transport;
mod upgrade;

#[cfg(feature = "echo")]
pub(super) use endpoints::echo_endpoint;
pub(super) use endpoints::{WS_PATH, ws_endpoint};
pub(super) use simple::{simple_endpoint, simple_ws_nickname};
