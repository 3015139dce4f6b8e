//! The modules of Teahouse that read what strangers send, as they are. Without the page, the database and the rest
//! of the server they are built in a minute instead of a quarter of an hour.

// Half of what they hold is for the rest.
#![allow(dead_code)]

#[path = "../../src/domain/mod.rs"]
pub mod domain;
#[path = "../../src/protocol/mod.rs"]
pub mod protocol;
#[path = "../../src/server/websocket/fragments.rs"]
mod fragments;
#[path = "../../src/server/websocket/frame_header.rs"]
mod frame_header;
#[path = "../../src/server/websocket/reader.rs"]
mod reader;

/// Where the main package has it.
pub mod server {
    /// What clients send, frame by frame.
    pub mod websocket {
        pub use crate::frame_header::FrameError;
        pub use crate::reader::{IncomingFrame, Reader};
        pub(crate) use crate::{fragments, frame_header};
    }
}
