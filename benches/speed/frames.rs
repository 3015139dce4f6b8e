//! As much of WebSocket as both ends of a measurement need: text frames in one piece, masked with zeros, as RFC 6455
//! allows a client to. Unmasking costs the servers the same as with any other mask, and the clients nothing.

use std::ops::Range;

use super::failure::Failure;

/// The RFC's own example of a handshake: one key, and so one answer.
pub(crate) const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
/// What a server makes of [`KEY`].
pub(crate) const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

pub(crate) const TEXT: u8 = 1;
pub(crate) const CLOSE: u8 = 8;
pub(crate) const PING: u8 = 9;
pub(crate) const PONG: u8 = 10;

/// In place of a length: it follows in two bytes, or in eight.
const LENGTH_IN_TWO_BYTES: u8 = 126;
const LENGTH_IN_EIGHT_BYTES: u8 = 127;

/// Who writes a frame: clients mask theirs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Client,
    Server,
}

/// Appends a frame to `out`.
pub(crate) fn append_frame(out: &mut Vec<u8>, opcode: u8, payload: &[u8], side: Side) {
    let mask = if side == Side::Client { 0x80 } else { 0 };
    out.push(0x80 | opcode);
    match (u8::try_from(payload.len()), u16::try_from(payload.len())) {
        (Ok(length @ ..=125), _) => out.push(mask | length),
        (_, Ok(length)) => {
            out.push(mask | LENGTH_IN_TWO_BYTES);
            out.extend(length.to_be_bytes());
        }
        _ => {
            out.push(mask | LENGTH_IN_EIGHT_BYTES);
            out.extend((payload.len() as u64).to_be_bytes());
        }
    }
    if side == Side::Client {
        out.extend([0; 4]);
    }
    out.extend_from_slice(payload);
}

/// A frame's opcode, and where its payload stands.
pub(crate) type ParsedFrame = (u8, Range<usize>);

/// The frame that `bytes` begin with; `None` while it is not complete.
pub(crate) fn parse_frame(bytes: &[u8]) -> Result<Option<ParsedFrame>, Failure> {
    let [first, second, rest @ ..] = bytes else { return Ok(None) };
    let (length, head) = match second & 0x7f {
        LENGTH_IN_TWO_BYTES => {
            let Some(length) = rest.first_chunk() else { return Ok(None) };
            (usize::from(u16::from_be_bytes(*length)), 4)
        }
        LENGTH_IN_EIGHT_BYTES => {
            let Some(length) = rest.first_chunk() else { return Ok(None) };
            (usize::try_from(u64::from_be_bytes(*length))?, 10)
        }
        length => (usize::from(length), 2),
    };
    let start = if second & 0x80 == 0 { head } else { head + 4 };
    if bytes.len() < start + length {
        return Ok(None);
    }
    if first & 0xf0 != 0x80 {
        return Err("a fragmented or compressed frame, which was not negotiated".into());
    }
    if bytes[head..start].iter().any(|byte| *byte != 0) {
        return Err("a mask other than zero".into());
    }
    Ok(Some((first & 0x0f, start..start + length)))
}
