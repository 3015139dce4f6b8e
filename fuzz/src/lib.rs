//! The modules of Teahouse that read untrusted input, included by path. Without the page, the database and the rest of
//! the server they build in a minute instead of a quarter of an hour.

// Half of what these modules hold is used only by the rest of the program.
#![allow(dead_code, unused_imports)]

#[path = "../../src/domain/mod.rs"]
pub mod domain;
#[path = "../../src/markdown/mod.rs"]
pub mod markdown;
#[path = "../../src/protocol/mod.rs"]
pub mod protocol;
#[path = "../../src/server/websocket/fragments.rs"]
mod fragments;
#[path = "../../src/server/websocket/frame_header.rs"]
mod frame_header;
#[path = "../../src/server/websocket/reader.rs"]
mod reader;

/// The modules under the paths that they have in the main package.
pub mod server {
    /// Reading the frames of clients.
    pub mod websocket {
        pub use crate::frame_header::FrameError;
        pub use crate::reader::{IncomingFrame, Reader};
        pub(crate) use crate::{fragments, frame_header};
    }
}
