//! How a WebSocket is closed.

use serde::Serialize;

use crate::{
    protocol::{CloseCode, ErrorCode, ErrorFrame, ServerFrame},
    server::{hub::EncodedFrame, websocket::FrameError},
};

/// What is sent when a connection closes: perhaps a last frame, then the closing handshake.
#[derive(Debug)]
pub(super) struct CloseMessage {
    pub(super) frame: Option<EncodedFrame>,
    pub(super) handshake: CloseHandshake,
}

/// How the closing handshake goes (RFC 6455 §7.1.2).
#[derive(Clone, Copy, Debug)]
pub(super) enum CloseHandshake {
    /// The server begins it with this code.
    Code(CloseCode),
    /// The client has begun it, and gets its own code back.
    Echo(Option<u16>),
    /// The client has gone: there is no handshake.
    Gone,
}

impl From<CloseCode> for CloseHandshake {
    fn from(code: CloseCode) -> Self {
        Self::Code(code)
    }
}

impl From<Option<CloseCode>> for CloseHandshake {
    fn from(code: Option<CloseCode>) -> Self {
        code.map_or(Self::Gone, Self::Code)
    }
}

impl CloseMessage {
    pub(super) fn new(frame: &impl Serialize, code: CloseCode) -> Self {
        Self { frame: EncodedFrame::encode(frame), handshake: CloseHandshake::Code(code) }
    }

    /// An error frame of the full protocol, then the close.
    pub(super) fn error(error: ErrorFrame, code: CloseCode) -> Self {
        Self::new(&ServerFrame::Error(error), code)
    }

    pub(super) fn too_many(message: String) -> Self {
        let code = ErrorCode::RateLimited;
        let error = ErrorFrame { id: None, code, message, suggestion: None, retry_after_ms: None };
        Self::error(error, CloseCode::TooMany)
    }

    /// Only the closing handshake.
    pub(super) fn without_frame(handshake: impl Into<CloseHandshake>) -> Self {
        Self { frame: None, handshake: handshake.into() }
    }
}

/// The close code for a client that breaks RFC 6455.
pub(super) const fn close_code_for_frame_error(error: FrameError) -> CloseCode {
    match error {
        FrameError::InvalidFrame => CloseCode::BadWebSocket,
        FrameError::NotUtf8 => CloseCode::NotUtf8,
        FrameError::TooBig => CloseCode::TooBig,
    }
}

/// The reason in the close frame, for people who read the traffic. Programs read the code.
pub(super) const fn close_reason(code: CloseCode) -> &'static str {
    match code {
        CloseCode::BadWebSocket => "not WebSocket",
        CloseCode::NotUtf8 => "not UTF-8",
        CloseCode::TooBig => "frame too big",
        CloseCode::Restarting => "restarting",
        CloseCode::TooSlow => "too slow, come back and resync",
        CloseCode::ProtocolError => "protocol error",
        CloseCode::SessionEnded => "session ended",
        CloseCode::Removed => "removed by a moderator",
        CloseCode::NoHello => "no hello",
        CloseCode::NicknameTaken => "nickname taken",
        CloseCode::PasswordChanged => "session ended by a new password",
        CloseCode::SessionExpired => "session expired",
        CloseCode::GuestsEnded => "the sessions of all guests were ended",
        CloseCode::TooMany => "too many requests",
    }
}
