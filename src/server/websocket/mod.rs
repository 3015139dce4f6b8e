//! WebSocket (RFC 6455), the server's side, as this server needs it: text for many at once, encoded once, written
//! together with whatever else is due.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `reader` | what clients send, frame by frame; knows nothing of sockets |
//! | `frame` | what is sent to them |
//! | `upgrade` | from an HTTP request to the stream below it |
//! | `stream` | that stream, in two halves |

mod frame;
mod reader;
mod stream;
mod upgrade;

#[cfg(feature = "echo")]
pub(super) use frame::encode_message;
pub(super) use frame::{PING_FRAME, encode_close, encode_pong, encode_text_into, encode_text_with, end_of_frame_at};
pub use reader::{FrameError, IncomingFrame, Reader};
pub(super) use stream::{Sink, Source, Stream};
pub(super) use upgrade::{Upgrade, UpgradeError};
