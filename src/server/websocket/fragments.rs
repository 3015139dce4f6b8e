//! A message that comes in several frames (RFC 6455 §5.4). Few do.

use std::str;

use crate::server::websocket::frame_header::FrameError;

/// How many frames one message may consist of. Browsers send one; each frame costs more than the bytes in it.
pub(super) const MAX_FRAGMENTS: u32 = 1_024;

/// The payload of a fragmented message, as far as it has come.
#[derive(Debug)]
pub(super) struct FragmentedMessage {
    is_text: bool,
    payload: Vec<u8>,
    /// How many frames have come.
    frames: u32,
    /// How many bytes of the payload of a text are known to be UTF-8, so that none is checked twice.
    valid_utf8_bytes: usize,
    /// Whether the last frame has come.
    is_complete: bool,
}

impl FragmentedMessage {
    pub(super) fn new(is_text: bool) -> Self {
        Self { is_text, payload: Vec::new(), frames: 0, valid_utf8_bytes: 0, is_complete: false }
    }

    /// Adds the payload of the next frame.
    ///
    /// # Errors
    /// [`FrameError::TooBig`] if there are too many frames, [`FrameError::NotUtf8`] as soon as a text has gone wrong.
    pub(super) fn add(&mut self, payload: &[u8], is_final: bool) -> Result<(), FrameError> {
        self.frames += 1;
        if self.frames > MAX_FRAGMENTS {
            return Err(FrameError::TooBig);
        }
        self.payload.extend_from_slice(payload);
        self.is_complete = is_final;
        if self.is_text {
            match str::from_utf8(&self.payload[self.valid_utf8_bytes..]) {
                Ok(_) => self.valid_utf8_bytes = self.payload.len(),
                // A character may go on in the next frame.
                Err(error) if error.error_len().is_none() && !is_final => {
                    self.valid_utf8_bytes += error.valid_up_to();
                }
                Err(_) => return Err(FrameError::NotUtf8),
            }
        }
        Ok(())
    }

    pub(super) fn is_text(&self) -> bool {
        self.is_text
    }

    pub(super) fn is_complete(&self) -> bool {
        self.is_complete
    }

    pub(super) fn payload(&self) -> &[u8] {
        &self.payload
    }
}
