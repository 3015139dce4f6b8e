//! The server side of WebSocket (RFC 6455). Knows nothing of chat.
//!
//! It is made for sending the same text to many clients: a frame is encoded once, and written together with whatever
//! else is to be sent.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `frame_header` | the header of a frame from a client |
//! | `fragments` | a message that comes in several frames |
//! | `reader` | from the bytes of a client to messages; does no I/O |
//! | `frame` | frames for clients |
//! | `upgrade` | the HTTP request and response that begin a WebSocket |

mod fragments;
mod frame;
mod frame_header;
mod reader;
mod upgrade;

#[cfg(feature = "echo")]
pub(super) use frame::encode_message;
pub(super) use frame::{PING_FRAME, encode_close, encode_pong, encode_text_into, encode_text_with, end_of_frame_at};
pub use frame_header::FrameError;
pub use reader::{IncomingFrame, Reader};
pub(super) use upgrade::{Upgrade, UpgradeError};
