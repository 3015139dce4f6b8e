//! What is read of a WebSocket does not depend on how it was cut on its way, and is never longer than allowed.

use teahouse::server::websocket::{FrameError, IncomingFrame, Reader};

/// The longest message.
const LONGEST: usize = 512;

/// The first byte of `data` says how long the pieces are.
pub(crate) fn check(data: &[u8]) {
    let Some((length, bytes)) = data.split_first() else { return };
    let whole = read(bytes, bytes.len());
    assert_eq!(read(bytes, usize::from(*length)), whole);
    assert!(whole.0.iter().all(|message| message.len() <= LONGEST + 1));
}

/// What came out, each with a letter that says what it is, and how it broke.
fn read(bytes: &[u8], length: usize) -> (Vec<Vec<u8>>, Option<FrameError>) {
    let (mut reader, mut got) = (Reader::new(LONGEST), Vec::new());
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
                    got.push([b"c".as_slice(), &code.unwrap_or_default().to_be_bytes()].concat());
                    continue;
                }
                Err(broken) => return (got, Some(broken)),
            };
            got.push([&[letter], payload].concat());
        }
        reader.reclaim_buffer();
    }
    (got, None)
}
