//! `teahouse admin`: commands of the operator to the running server, over a Unix socket in the data folder.
//!
//! Each connection carries one command and its answer, one line of JSON each.

mod client;
mod command;
mod describe;
mod execute;
mod listener;
mod wire;

pub use client::{AdminError, send_command};
pub use command::AdminCommand;
pub(super) use listener::{AdminSocket, bind, serve};
