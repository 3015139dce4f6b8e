//! From the bytes that a client sends to messages (RFC 6455 §5). Does no I/O.
//!
//! A reader without a partly received frame or message owns no memory.

use std::{mem, str};

use crate::server::websocket::{
    fragments::FragmentedMessage,
    frame_header::{FrameError, FrameHeader, MAX_HEADER_BYTES, Opcode},
};

/// A message or control frame from a client.
#[derive(Debug, PartialEq, Eq)]
pub enum IncomingFrame<'a> {
    /// A complete text message.
    Text(&'a str),
    /// A complete binary message.
    Binary(&'a [u8]),
    /// A ping. The answer is a pong with the same payload.
    Ping(&'a [u8]),
    /// A pong.
    Pong,
    /// The client closes, with the code that it gave, if any.
    Close(Option<u16>),
}

/// Splits a stream of bytes into messages and control frames.
#[derive(Debug)]
pub struct Reader {
    /// Bytes that were read from the socket.
    buffer: Vec<u8>,
    /// How many bytes of `buffer` have been processed.
    processed: usize,
    /// Whether the buffer was lent, and must be given back as soon as possible.
    is_lent: bool,
    /// The message that is coming in several frames, if there is one.
    fragmented: Option<Box<FragmentedMessage>>,
    max_message_bytes: usize,
}

impl Reader {
    /// A reader that refuses messages of more than `max_message_bytes`.
    pub const fn new(max_message_bytes: usize) -> Self {
        Self { buffer: Vec::new(), processed: 0, is_lent: false, fragmented: None, max_message_bytes }
    }

    /// Gives out the buffer, so that more can be read into it, with its unprocessed bytes. The caller returns it by
    /// [`Self::put_buffer`]. Returns `None` if the reader has no buffer; then the caller lends one by
    /// [`Self::lend_buffer`].
    pub fn take_buffer(&mut self) -> Option<Vec<u8>> {
        if self.buffer.is_empty() {
            return None;
        }
        self.buffer.drain(..mem::take(&mut self.processed));
        Some(mem::take(&mut self.buffer))
    }

    /// Takes back the buffer from [`Self::take_buffer`], to which new bytes may have been appended.
    pub fn put_buffer(&mut self, buffer: Vec<u8>) {
        (self.buffer, self.processed) = (buffer, 0);
    }

    /// Takes a buffer that the caller shares among readers. [`Self::reclaim_buffer`] returns it.
    pub fn lend_buffer(&mut self, buffer: Vec<u8>) {
        self.put_buffer(buffer);
        self.is_lent = true;
    }

    /// Returns the buffer if it was lent, empty. To be called when [`Self::next_frame`] has returned `None`.
    ///
    /// Unprocessed bytes move to a buffer of the reader's own, which has no spare capacity.
    pub fn reclaim_buffer(&mut self) -> Option<Vec<u8>> {
        let unprocessed = &self.buffer[self.processed..];
        if !unprocessed.is_empty() && !self.is_lent {
            return None;
        }
        let unprocessed = unprocessed.to_vec();
        self.processed = 0;
        let mut buffer = mem::replace(&mut self.buffer, unprocessed);
        buffer.clear();
        mem::take(&mut self.is_lent).then_some(buffer)
    }

    /// The next complete message or control frame. Returns `None` if more bytes are needed.
    ///
    /// # Errors
    /// [`FrameError`]; the reader must not be used any more then.
    pub fn next_frame(&mut self) -> Result<Option<IncomingFrame<'_>>, FrameError> {
        loop {
            if self.fragmented.as_ref().is_some_and(|message| message.is_complete()) {
                // The previous call returned it.
                self.fragmented = None;
            }
            let Some(header) = self.header()? else { return Ok(None) };
            let start = self.processed + header.header_bytes;
            let end = self.processed + header.frame_bytes();
            if self.buffer.len() < end {
                return Ok(None);
            }
            self.processed = end;
            header.unmask(&mut self.buffer[start..end]);
            match (header.opcode, header.is_final) {
                (Opcode::Continuation, is_final) => {
                    let Some(message) = &mut self.fragmented else { return Err(FrameError::InvalidFrame) };
                    message.add(&self.buffer[start..end], is_final)?;
                    if is_final {
                        break;
                    }
                }
                (Opcode::Text, true) => return text(&self.buffer[start..end]).map(Some),
                (Opcode::Binary, true) => return Ok(Some(IncomingFrame::Binary(&self.buffer[start..end]))),
                (Opcode::Text | Opcode::Binary, false) => {
                    let mut message = FragmentedMessage::new(header.opcode == Opcode::Text);
                    message.add(&self.buffer[start..end], false)?;
                    self.fragmented = Some(Box::new(message));
                }
                (Opcode::Close, _) => {
                    return close_code(&self.buffer[start..end]).map(|code| Some(IncomingFrame::Close(code)));
                }
                (Opcode::Ping, _) => return Ok(Some(IncomingFrame::Ping(&self.buffer[start..end]))),
                (Opcode::Pong, _) => return Ok(Some(IncomingFrame::Pong)),
            }
        }
        let Some(message) = &self.fragmented else { return Ok(None) };
        if message.is_text() {
            text(message.payload()).map(Some)
        } else {
            Ok(Some(IncomingFrame::Binary(message.payload())))
        }
    }

    /// Whether [`Self::next_frame`] may return something before more bytes are read.
    pub fn has_buffered_frame(&self) -> bool {
        match self.header() {
            Ok(Some(header)) => self.buffer.len() - self.processed >= header.frame_bytes(),
            Ok(None) => false,
            Err(_) => true,
        }
    }

    /// How many more bytes the partly received frame needs, as far as its header tells.
    pub fn bytes_needed(&self) -> usize {
        let unprocessed = self.buffer.len() - self.processed;
        match self.header() {
            Ok(Some(header)) => header.frame_bytes().saturating_sub(unprocessed),
            Ok(None) | Err(_) => MAX_HEADER_BYTES,
        }
    }

    /// The header of the next frame, if it has come.
    fn header(&self) -> Result<Option<FrameHeader>, FrameError> {
        let unfinished = self.fragmented.as_ref().filter(|message| !message.is_complete());
        let received = unfinished.map_or(0, |message| message.payload().len());
        let max_payload = self.max_message_bytes.saturating_sub(received);
        FrameHeader::parse(&self.buffer[self.processed..], unfinished.is_some(), max_payload)
    }
}

fn text(payload: &[u8]) -> Result<IncomingFrame<'_>, FrameError> {
    str::from_utf8(payload).map(IncomingFrame::Text).map_err(|_| FrameError::NotUtf8)
}

/// The status code in a close frame (§5.5.1, §7.4).
fn close_code(payload: &[u8]) -> Result<Option<u16>, FrameError> {
    match payload {
        [] => Ok(None),
        [a, b, reason @ ..] => {
            let code = u16::from_be_bytes([*a, *b]);
            str::from_utf8(reason).map_err(|_| FrameError::NotUtf8)?;
            match code {
                1000..=1003 | 1007..=1014 | 3000..=4999 => Ok(Some(code)),
                _ => Err(FrameError::InvalidFrame),
            }
        }
        [_] => Err(FrameError::InvalidFrame),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::server::websocket::fragments::MAX_FRAGMENTS;

    const MAX_MESSAGE: usize = 1_000;

    /// An owned [`IncomingFrame`].
    #[derive(Clone, Debug, PartialEq, Eq)]
    enum OwnedFrame {
        Text(String),
        Binary(Vec<u8>),
        Ping(Vec<u8>),
        Pong,
        Close(Option<u16>),
    }

    fn frame(first: u8, payload: &[u8], mask: [u8; 4]) -> Vec<u8> {
        let mut frame = vec![first];
        match payload.len() {
            length @ 0..=125 => frame.push(0x80 | u8::try_from(length).expect("small")),
            length => {
                frame.push(0xfe);
                frame.extend_from_slice(&u16::try_from(length).expect("small enough").to_be_bytes());
            }
        }
        frame.extend_from_slice(&mask);
        frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
        frame
    }

    /// Feeds `bytes` to a reader in pieces that end at `cuts`. Returns the frames, and the error if there was one.
    fn read(bytes: &[u8], cuts: &[usize]) -> (Vec<OwnedFrame>, Option<FrameError>) {
        let (mut reader, mut frames) = (Reader::new(MAX_MESSAGE), Vec::new());
        let mut ends: Vec<usize> = cuts.iter().map(|cut| cut % (bytes.len() + 1)).chain([bytes.len()]).collect();
        ends.sort_unstable();
        let mut start = 0;
        for end in ends {
            let piece = &bytes[start..end];
            match reader.take_buffer() {
                Some(mut buffer) => {
                    buffer.extend_from_slice(piece);
                    reader.put_buffer(buffer);
                }
                None => reader.lend_buffer(piece.to_vec()),
            }
            start = end;
            loop {
                match reader.next_frame() {
                    Ok(None) => break,
                    Ok(Some(incoming)) => frames.push(match incoming {
                        IncomingFrame::Text(text) => OwnedFrame::Text(text.to_owned()),
                        IncomingFrame::Binary(bytes) => OwnedFrame::Binary(bytes.to_owned()),
                        IncomingFrame::Ping(bytes) => OwnedFrame::Ping(bytes.to_owned()),
                        IncomingFrame::Pong => OwnedFrame::Pong,
                        IncomingFrame::Close(code) => OwnedFrame::Close(code),
                    }),
                    Err(error) => return (frames, Some(error)),
                }
            }
            reader.reclaim_buffer();
        }
        (frames, None)
    }

    fn message() -> impl Strategy<Value = (OwnedFrame, Vec<u8>)> {
        let text = ("\\PC{0,300}", any::<[u8; 4]>(), prop::collection::vec(any::<prop::sample::Index>(), 0..3))
            .prop_map(|(text, mask, cuts)| {
                let bytes = text.as_bytes();
                let mut ends: Vec<_> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
                ends.sort_unstable();
                ends.push(bytes.len());
                let (mut start, mut frames) = (0, Vec::new());
                for (index, end) in ends.iter().enumerate() {
                    let first = u8::from(index == 0) | (u8::from(index + 1 == ends.len()) << 7);
                    frames.extend(frame(first, &bytes[start..*end], mask));
                    start = *end;
                }
                (OwnedFrame::Text(text), frames)
            });
        let ping = (prop::collection::vec(any::<u8>(), 0..=125), any::<[u8; 4]>())
            .prop_map(|(payload, mask)| (OwnedFrame::Ping(payload.clone()), frame(0x89, &payload, mask)));
        let binary = (prop::collection::vec(any::<u8>(), 0..400), any::<[u8; 4]>())
            .prop_map(|(payload, mask)| (OwnedFrame::Binary(payload.clone()), frame(0x82, &payload, mask)));
        prop_oneof![text, ping, binary]
    }

    proptest! {
        #[test]
        fn messages_are_read_as_they_were_sent_however_the_bytes_are_cut(
            messages in prop::collection::vec(message(), 0..6),
            cuts in prop::collection::vec(any::<usize>(), 0..8),
        ) {
            let bytes: Vec<u8> = messages.iter().flat_map(|(_, bytes)| bytes.clone()).collect();
            let (received, error) = read(&bytes, &cuts);
            prop_assert_eq!(error, None);
            prop_assert_eq!(received, messages.into_iter().map(|(message, _)| message).collect::<Vec<_>>());
        }

        #[test]
        fn where_the_bytes_are_cut_makes_no_difference(
            bytes in prop::collection::vec(any::<u8>(), 0..300),
            cuts in prop::collection::vec(any::<usize>(), 0..8),
        ) {
            prop_assert_eq!(read(&bytes, &cuts), read(&bytes, &[]));
        }
    }

    fn error_of(bytes: &[u8]) -> Option<FrameError> {
        read(bytes, &[]).1
    }

    #[test]
    fn what_rfc_6455_forbids_is_refused() {
        const MASK: [u8; 4] = [1, 2, 3, 4];
        assert_eq!(error_of(b"\x81\x01x"), Some(FrameError::InvalidFrame), "not masked");
        assert_eq!(error_of(&frame(0xc1, b"x", MASK)), Some(FrameError::InvalidFrame), "a reserved bit");
        assert_eq!(error_of(&frame(0x83, b"x", MASK)), Some(FrameError::InvalidFrame), "a reserved opcode");
        assert_eq!(
            error_of(&frame(0x80, b"x", MASK)),
            Some(FrameError::InvalidFrame),
            "a continuation without a beginning"
        );
        assert_eq!(error_of(&frame(0x09, b"x", MASK)), Some(FrameError::InvalidFrame), "a control frame in parts");
        assert_eq!(error_of(&frame(0x89, &[0; 126], MASK)), Some(FrameError::InvalidFrame), "a long control frame");
        let nested = [frame(0x01, b"a", MASK), frame(0x81, b"b", MASK)].concat();
        assert_eq!(error_of(&nested), Some(FrameError::InvalidFrame), "a message within another");
        assert_eq!(error_of(&frame(0x88, b"x", MASK)), Some(FrameError::InvalidFrame), "half a status code");
        assert_eq!(
            error_of(&frame(0x88, &1_005_u16.to_be_bytes(), MASK)),
            Some(FrameError::InvalidFrame),
            "a code that must not be sent"
        );
        assert_eq!(error_of(&frame(0x88, b"\x03\xe8\xff", MASK)), Some(FrameError::NotUtf8), "the reason");
        assert_eq!(error_of(&frame(0x81, b"\xff", MASK)), Some(FrameError::NotUtf8));
    }

    #[test]
    fn invalid_utf8_is_refused_before_the_end_of_the_message() {
        let (start, rest) = "茶".as_bytes().split_at(1);
        let bytes = [frame(0x01, start, [0; 4]), frame(0x00, rest, [9; 4])].concat();
        assert_eq!(read(&bytes, &[]), (vec![], None));
        let bytes = [frame(0x01, start, [0; 4]), frame(0x00, b"x", [9; 4])].concat();
        assert_eq!(error_of(&bytes), Some(FrameError::NotUtf8));
    }

    #[test]
    fn a_message_that_is_too_big_is_refused_by_its_header_alone() {
        assert_eq!(error_of(&frame(0x81, &[b'x'; MAX_MESSAGE + 1], [0; 4])[..8]), Some(FrameError::TooBig));
        assert_eq!(read(&frame(0x81, &[b'x'; MAX_MESSAGE], [0; 4]), &[]).1, None);
        assert_eq!(error_of(b"\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\0"), Some(FrameError::TooBig));
        let parts = [frame(0x01, &[b'x'; MAX_MESSAGE], [0; 4]), frame(0x80, b"y", [0; 4])].concat();
        assert_eq!(error_of(&parts), Some(FrameError::TooBig), "both frames together");
    }

    #[test]
    fn a_message_has_a_limited_number_of_empty_frames() {
        let empty_frames = |many: u32| (0..many).flat_map(|_| frame(0x00, b"", [0; 4])).collect::<Vec<_>>();
        let most = [frame(0x01, b"a", [0; 4]), empty_frames(MAX_FRAGMENTS - 2), frame(0x80, b"b", [0; 4])].concat();
        assert_eq!(read(&most, &[]), (vec![OwnedFrame::Text("ab".to_owned())], None));
        assert_eq!(
            error_of(&[frame(0x01, b"a", [0; 4]), empty_frames(MAX_FRAGMENTS)].concat()),
            Some(FrameError::TooBig)
        );
    }

    #[test]
    fn a_reader_without_a_partly_received_frame_owns_no_memory() {
        let mut reader = Reader::new(MAX_MESSAGE);
        reader.lend_buffer(frame(0x81, b"hello", [5; 4]));
        assert_eq!(reader.next_frame(), Ok(Some(IncomingFrame::Text("hello"))));
        assert_eq!(reader.next_frame(), Ok(None));
        assert!(reader.reclaim_buffer().is_some());
        assert_eq!(reader.buffer.capacity(), 0);
        assert_eq!(reader.take_buffer(), None);
    }
}
