//! The header of a frame from a client (RFC 6455 §5.2).

/// The longest header that a client can send: two bytes, an extended length of eight and a mask of four.
pub(super) const MAX_HEADER_BYTES: usize = 14;

/// The longest payload of a control frame (§5.5).
const MAX_CONTROL_BYTES: usize = 125;

/// How a client broke the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameError {
    /// The bytes are not a frame, or not a frame that may come at this point.
    InvalidFrame,
    /// A text, or the reason in a close frame, is not UTF-8.
    NotUtf8,
    /// A message is longer than allowed.
    TooBig,
}

/// What a frame is (§5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opcode {
    Continuation,
    Text,
    Binary,
    Close,
    Ping,
    Pong,
}

impl Opcode {
    fn from_bits(bits: u8) -> Option<Self> {
        Some(match bits {
            0x0 => Self::Continuation,
            0x1 => Self::Text,
            0x2 => Self::Binary,
            0x8 => Self::Close,
            0x9 => Self::Ping,
            0xa => Self::Pong,
            _ => return None,
        })
    }

    fn is_control(self) -> bool {
        matches!(self, Self::Close | Self::Ping | Self::Pong)
    }
}

/// A header that is valid where it comes.
#[derive(Debug)]
pub(super) struct FrameHeader {
    /// Whether this is the last frame of its message.
    pub(super) is_final: bool,
    pub(super) opcode: Opcode,
    mask: [u8; 4],
    /// The length of the header itself.
    pub(super) header_bytes: usize,
    pub(super) payload_bytes: usize,
}

impl FrameHeader {
    /// Reads the header at the start of `bytes`. Returns `None` if more bytes are needed.
    ///
    /// `is_continuing` says whether a fragmented message has begun and not ended; `max_payload` is how long the payload
    /// of a data frame may be.
    ///
    /// # Errors
    /// [`FrameError::InvalidFrame`] and [`FrameError::TooBig`], as soon as the bytes show it.
    pub(super) fn parse(bytes: &[u8], is_continuing: bool, max_payload: usize) -> Result<Option<Self>, FrameError> {
        let &[first, second, ..] = bytes else { return Ok(None) };
        let (is_final, reserved) = (first & 0x80 != 0, first & 0x70);
        let (is_masked, short_length) = (second & 0x80 != 0, second & 0x7f);
        let opcode = Opcode::from_bits(first & 0x0f).ok_or(FrameError::InvalidFrame)?;
        let is_allowed = match opcode {
            Opcode::Continuation => is_continuing,
            Opcode::Text | Opcode::Binary => !is_continuing,
            Opcode::Close | Opcode::Ping | Opcode::Pong => is_final && usize::from(short_length) <= MAX_CONTROL_BYTES,
        };
        if reserved != 0 || !is_masked || !is_allowed {
            return Err(FrameError::InvalidFrame);
        }
        let (payload, mask_at) = match short_length {
            126 => (bytes[2..].first_chunk().map(|length| u64::from(u16::from_be_bytes(*length))), 4),
            127 => (bytes[2..].first_chunk().map(|length| u64::from_be_bytes(*length)), 10),
            length => (Some(u64::from(length)), 2),
        };
        let Some(payload) = payload else { return Ok(None) };
        let limit = if opcode.is_control() { MAX_CONTROL_BYTES } else { max_payload };
        let Some(payload_bytes) = usize::try_from(payload).ok().filter(|payload| *payload <= limit) else {
            return Err(FrameError::TooBig);
        };
        let Some(&[a, b, c, d]) = bytes.get(mask_at..mask_at + 4) else { return Ok(None) };
        Ok(Some(Self { is_final, opcode, mask: [a, b, c, d], header_bytes: mask_at + 4, payload_bytes }))
    }

    /// The length of the whole frame.
    pub(super) fn frame_bytes(&self) -> usize {
        self.header_bytes + self.payload_bytes
    }

    /// Removes the mask from the payload (§5.3). The client chooses the mask, and some choose zero.
    pub(super) fn unmask(&self, payload: &mut [u8]) {
        if self.mask == [0; 4] {
            return;
        }
        let [a, b, c, d] = self.mask;
        let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
        let mut words = payload.chunks_exact_mut(8);
        for word in &mut words {
            let mut bytes = [0; 8];
            bytes.copy_from_slice(word);
            word.copy_from_slice(&(u64::from_ne_bytes(bytes) ^ wide).to_ne_bytes());
        }
        for (byte, mask) in words.into_remainder().iter_mut().zip(self.mask.iter().cycle()) {
            *byte ^= mask;
        }
    }
}
