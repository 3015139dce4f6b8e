//! Frames for clients (RFC 6455 §5.2). They are never masked and never fragmented, so the same bytes serve every
//! client.

use axum::body::Bytes;

const FINAL_TEXT: u8 = 0x81;
const FINAL_CLOSE: u8 = 0x88;
const FINAL_PONG: u8 = 0x8a;

/// The longest header of a frame from a server.
const MAX_HEADER_BYTES: usize = 10;

/// A ping without a payload.
pub(in crate::server) const PING_FRAME: Bytes = Bytes::from_static(&[0x89, 0]);

/// Appends a text frame to `out`.
pub(in crate::server) fn encode_text_into(out: &mut Vec<u8>, text: &[u8]) {
    let (header, length) = header(FINAL_TEXT, text.len());
    out.extend_from_slice(&header[..length]);
    out.extend_from_slice(text);
}

/// Encodes a text frame. `write` appends the text to the buffer that it is given.
///
/// # Errors
/// The error of `write`.
pub(in crate::server) fn encode_text_with<E>(write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>) -> Result<Bytes, E> {
    let mut out = Vec::with_capacity(256);
    out.resize(MAX_HEADER_BYTES, 0);
    write(&mut out)?;
    let (header, length) = header(FINAL_TEXT, out.len() - MAX_HEADER_BYTES);
    // The space for the header is as long as the longest one; a shorter one goes to its end.
    let start = MAX_HEADER_BYTES - length;
    out[start..MAX_HEADER_BYTES].copy_from_slice(&header[..length]);
    Ok(Bytes::from(out).slice(start..))
}

/// Encodes a whole message as one frame.
#[cfg(feature = "echo")]
pub(in crate::server) fn encode_message(is_text: bool, payload: &[u8]) -> Bytes {
    let mut out = Vec::new();
    encode_text_into(&mut out, payload);
    out[0] = if is_text { FINAL_TEXT } else { 0x82 };
    out.into()
}

/// Encodes a pong. `payload` is that of the ping, at most 125 bytes.
pub(in crate::server) fn encode_pong(payload: &[u8]) -> Bytes {
    encode_control(FINAL_PONG, &[payload])
}

/// Encodes a close frame. Without a code, it has no payload.
pub(in crate::server) fn encode_close(code: Option<u16>, reason: &str) -> Bytes {
    match code {
        Some(code) => encode_control(FINAL_CLOSE, &[&code.to_be_bytes(), reason.as_bytes()]),
        None => encode_control(FINAL_CLOSE, &[]),
    }
}

fn encode_control(first_byte: u8, parts: &[&[u8]]) -> Bytes {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let mut out = Vec::with_capacity(2 + length);
    // The payload of a control frame is at most 125 bytes long (§5.5).
    out.extend_from_slice(&[first_byte, u8::try_from(length).unwrap_or_default()]);
    parts.iter().for_each(|part| out.extend_from_slice(part));
    out.into()
}

/// A header, and how many of its bytes are used.
#[expect(clippy::cast_possible_truncation, reason = "the length fits in each arm")]
fn header(first_byte: u8, length: usize) -> ([u8; MAX_HEADER_BYTES], usize) {
    let mut header = [0; MAX_HEADER_BYTES];
    header[0] = first_byte;
    match length {
        0..=125 => {
            header[1] = length as u8;
            (header, 2)
        }
        126..=0xffff => {
            header[1] = 126;
            header[2..4].copy_from_slice(&(length as u16).to_be_bytes());
            (header, 4)
        }
        _ => {
            header[1] = 127;
            header[2..].copy_from_slice(&(length as u64).to_be_bytes());
            (header, MAX_HEADER_BYTES)
        }
    }
}

/// The first end of a frame that is not before `position`. `frames` holds whole frames, encoded by this file.
pub(in crate::server) fn end_of_frame_at(frames: &[u8], position: usize) -> usize {
    let mut end = 0;
    while end < position {
        let Some(rest) = frames.get(end..).filter(|rest| rest.len() >= 2) else { return frames.len() };
        let length = match (rest[1], &rest[2..]) {
            (126, rest) => 4 + rest.first_chunk().map_or(0, |bytes| usize::from(u16::from_be_bytes(*bytes))),
            (127, rest) => {
                let length = rest.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes));
                MAX_HEADER_BYTES.saturating_add(usize::try_from(length).unwrap_or(usize::MAX))
            }
            (length, _) => 2 + usize::from(length),
        };
        end = end.saturating_add(length);
    }
    end.min(frames.len())
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    fn text_of(length: usize) -> Bytes {
        let Ok(frame) = encode_text_with(|out| {
            out.resize(out.len() + length, b'x');
            Ok::<_, Infallible>(())
        });
        frame
    }

    #[test]
    fn a_text_frame_is_encoded_the_same_alone_and_into_a_buffer() {
        for length in [0, 1, 125, 126, 127, 65_535, 65_536, 70_000] {
            let mut buffer = Vec::new();
            encode_text_into(&mut buffer, &vec![b'x'; length]);
            assert_eq!(text_of(length), buffer, "{length}");
        }
        assert_eq!(text_of(2), b"\x81\x02xx"[..]);
        assert_eq!(text_of(126)[..4], *b"\x81\x7e\x00\x7e");
    }

    #[test]
    fn the_end_of_a_frame_is_found_from_any_position_in_it() {
        let mut frames = Vec::new();
        let mut ends = vec![0];
        for length in [0, 5, 125, 126, 65_535, 65_536, 3] {
            frames.extend_from_slice(&text_of(length));
            ends.push(frames.len());
        }
        for (index, &end) in ends.iter().enumerate() {
            assert_eq!(end_of_frame_at(&frames, end), end);
            if let Some(&next) = ends.get(index + 1) {
                assert_eq!(end_of_frame_at(&frames, end + 1), next);
                assert_eq!(end_of_frame_at(&frames, next - 1), next);
            }
        }
    }

    #[test]
    fn control_frames_have_a_short_header() {
        assert_eq!(encode_close(Some(1_013), "late"), b"\x88\x06\x03\xf5late"[..]);
        assert_eq!(encode_close(None, ""), b"\x88\x00"[..]);
        assert_eq!(encode_pong(b"hi"), b"\x8a\x02hi"[..]);
    }
}
