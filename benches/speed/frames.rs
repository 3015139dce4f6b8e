//! The part of WebSocket that measurements need: unfragmented frames, masked with zeros, which RFC 6455 allows a
//! client. Unmasking costs the servers the same as any other mask, and masking costs the clients nothing.

use std::ops::Range;

use super::failure::Failure;

/// The handshake key of the RFC's example. All clients use it, so there is only one correct answer.
pub(crate) const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
/// The server's answer to [`KEY`].
pub(crate) const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

pub(crate) const TEXT: u8 = 1;
pub(crate) const CLOSE: u8 = 8;
pub(crate) const PING: u8 = 9;
pub(crate) const PONG: u8 = 10;

/// Instead of a length: the length follows in two or eight bytes.
const LENGTH_IN_TWO_BYTES: u8 = 126;
const LENGTH_IN_EIGHT_BYTES: u8 = 127;

/// Which end writes a frame. Clients mask theirs.
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

/// The opcode of a frame and the range of its payload.
pub(crate) type ParsedFrame = (u8, Range<usize>);

/// Parses the frame at the beginning of `bytes`. Returns `None` if it is not complete.
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
