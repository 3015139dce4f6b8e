//! Where the bytes of a WebSocket are cut makes no difference to what is read, and no message is longer than allowed.

use teahouse::server::websocket::{FrameError, IncomingFrame, Reader};

/// The longest allowed message, in bytes.
const MAX_MESSAGE_BYTES: usize = 512;

/// Reads `data` at once and in pieces. Its first byte is the length of the pieces.
pub(crate) fn check(data: &[u8]) {
    let Some((length, bytes)) = data.split_first() else { return };
    let whole = read(bytes, bytes.len());
    assert_eq!(read(bytes, usize::from(*length)), whole);
    assert!(whole.0.iter().all(|message| message.len() <= MAX_MESSAGE_BYTES + 1));
}

/// The frames, each as a letter for its kind and its payload, and the error if there was one.
fn read(bytes: &[u8], length: usize) -> (Vec<Vec<u8>>, Option<FrameError>) {
    let (mut reader, mut frames) = (Reader::new(MAX_MESSAGE_BYTES), Vec::new());
    for piece in bytes.chunks(length.max(1)) {
        match reader.take_buffer() {
            Some(mut buffer) => {
                buffer.extend_from_slice(piece);
                reader.put_buffer(buffer);
            }
            None => reader.lend_buffer(piece.to_vec()),
        }
        loop {
            let (letter, payload) = match reader.next_frame() {
                Ok(None) => break,
                Ok(Some(IncomingFrame::Text(text))) => (b't', text.as_bytes()),
                Ok(Some(IncomingFrame::Binary(bytes))) => (b'b', bytes),
                Ok(Some(IncomingFrame::Ping(bytes))) => (b'p', bytes),
                Ok(Some(IncomingFrame::Pong)) => (b'o', &[][..]),
                Ok(Some(IncomingFrame::Close(code))) => {
                    frames.push([b"c".as_slice(), &code.unwrap_or_default().to_be_bytes()].concat());
                    continue;
                }
                Err(error) => return (frames, Some(error)),
            };
            frames.push([&[letter], payload].concat());
        }
        reader.reclaim_buffer();
    }
    (frames, None)
}
