//! Frames for clients (RFC 6455 §5.2): never masked, never in parts, so that the same bytes serve every client.

use axum::body::Bytes;

const FINAL_TEXT: u8 = 0x81;
const FINAL_CLOSE: u8 = 0x88;
const FINAL_PONG: u8 = 0x8a;

/// The longest header that a server writes.
const HEADER: usize = 10;

/// A ping that carries nothing.
pub(in crate::server) const PING_FRAME: Bytes = Bytes::from_static(&[0x89, 0]);

/// Appends a text frame.
pub(in crate::server) fn encode_text_into(out: &mut Vec<u8>, text: &[u8]) {
    let (header, length) = header(FINAL_TEXT, text.len());
    out.extend_from_slice(&header[..length]);
    out.extend_from_slice(text);
}

/// A text frame whose text `write` appends to what it is given.
pub(in crate::server) fn encode_text_with<E>(write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>) -> Result<Bytes, E> {
    let mut out = Vec::with_capacity(256);
    out.resize(HEADER, 0);
    write(&mut out)?;
    let (header, length) = header(FINAL_TEXT, out.len() - HEADER);
    // The header ends where the text begins.
    let start = HEADER - length;
    out[start..HEADER].copy_from_slice(&header[..length]);
    Ok(Bytes::from(out).slice(start..))
}

/// A frame with all of a message.
#[cfg(feature = "echo")]
pub(in crate::server) fn encode_message(is_text: bool, payload: &[u8]) -> Bytes {
    let mut out = Vec::new();
    encode_text_into(&mut out, payload);
    out[0] = if is_text { FINAL_TEXT } else { 0x82 };
    out.into()
}

/// The answer to a ping. A ping carries at most 125 bytes.
pub(in crate::server) fn encode_pong(payload: &[u8]) -> Bytes {
    encode_control(FINAL_PONG, &[payload])
}

/// A close frame; without a code it says nothing.
pub(in crate::server) fn encode_close(code: Option<u16>, reason: &str) -> Bytes {
    match code {
        Some(code) => encode_control(FINAL_CLOSE, &[&code.to_be_bytes(), reason.as_bytes()]),
        None => encode_control(FINAL_CLOSE, &[]),
    }
}

fn encode_control(kind: u8, parts: &[&[u8]]) -> Bytes {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let mut out = Vec::with_capacity(2 + length);
    // The payload of a control frame fits in one byte of length (§5.5).
    out.extend_from_slice(&[kind, u8::try_from(length).unwrap_or_default()]);
    parts.iter().for_each(|part| out.extend_from_slice(part));
    out.into()
}

#[expect(clippy::cast_possible_truncation, reason = "each arm's length fits")]
fn header(kind: u8, length: usize) -> ([u8; HEADER], usize) {
    let mut header = [0; HEADER];
    header[0] = kind;
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
            (header, HEADER)
        }
    }
}

/// Where the frame ends that the byte at `position` is in: the least such end that is not before `position`. `frames`
/// holds whole frames, as they are written here.
pub(in crate::server) fn end_of_frame_at(frames: &[u8], position: usize) -> usize {
    let mut end = 0;
    while end < position {
        let Some(rest) = frames.get(end..).filter(|rest| rest.len() >= 2) else { return frames.len() };
        let length = match (rest[1], &rest[2..]) {
            (126, rest) => 4 + rest.first_chunk().map_or(0, |bytes| usize::from(u16::from_be_bytes(*bytes))),
            (127, rest) => {
                let length = rest.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes));
                HEADER.saturating_add(usize::try_from(length).unwrap_or(usize::MAX))
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
    fn a_text_is_the_same_alone_and_among_others() {
        for length in [0, 1, 125, 126, 127, 65_535, 65_536, 70_000] {
            let mut among = Vec::new();
            encode_text_into(&mut among, &vec![b'x'; length]);
            assert_eq!(text_of(length), among, "{length}");
        }
        assert_eq!(text_of(2), b"\x81\x02xx"[..]);
        assert_eq!(text_of(126)[..4], *b"\x81\x7e\x00\x7e");
    }

    #[test]
    fn what_was_begun_to_be_written_ends_where_its_frame_does() {
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
    fn control_frames_are_small() {
        assert_eq!(encode_close(Some(1_013), "late"), b"\x88\x06\x03\xf5late"[..]);
        assert_eq!(encode_close(None, ""), b"\x88\x00"[..]);
        assert_eq!(encode_pong(b"hi"), b"\x8a\x02hi"[..]);
    }
}
