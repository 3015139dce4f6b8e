//! What clients send (RFC 6455 §5): bytes come in as they are read, whole messages go out.
//!
//! A reader that has nothing half-read owns no memory.

use std::{mem, str};

/// What may precede a client's payload.
const LONGEST_HEADER: usize = 14;

/// More than a control frame may carry (§5.5).
const CONTROL_LIMIT: usize = 125;

/// What came in.
#[derive(Debug, PartialEq, Eq)]
pub enum IncomingFrame<'a> {
    /// A whole text.
    Text(&'a str),
    /// A whole message that is no text.
    Binary(&'a [u8]),
    /// To be answered with a pong that carries the same.
    Ping(&'a [u8]),
    /// A sign of life.
    Pong,
    /// The peer ends; with the code that it gave.
    Close(Option<u16>),
}

/// How the peer broke the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameError {
    /// That is no frame, or not now.
    InvalidFrame,
    /// A text that is not UTF-8.
    NotUtf8,
    /// A message that is longer than allowed.
    TooBig,
}

/// A message may come in so many frames. Browsers send one; each costs more than the bytes in it.
const MOST_PARTS: u32 = 1_024;

/// Takes frames apart.
#[derive(Debug)]
pub struct Reader {
    /// What was read and not used up.
    bytes: Vec<u8>,
    /// How much of `bytes` has been used up.
    used: usize,
    /// The buffer is to be given up as soon as may be.
    is_lent: bool,
    /// A message that comes in several frames; few do.
    parts: Option<Box<Parts>>,
    /// The longest message.
    longest: usize,
}

#[derive(Debug)]
struct Parts {
    is_text: bool,
    payload: Vec<u8>,
    /// How many frames there were.
    count: u32,
    /// How much of the payload is known to be UTF-8.
    valid: usize,
    /// The last frame has been added.
    is_whole: bool,
}

struct Header {
    is_final: bool,
    opcode: u8,
    mask: [u8; 4],
    /// Of the header.
    length: usize,
    payload: usize,
}

impl Reader {
    /// A reader of messages that have at most `longest` bytes.
    pub const fn new(longest: usize) -> Self {
        Self { bytes: Vec::new(), used: 0, is_lent: false, parts: None, longest }
    }

    /// Gives up its buffer, with what is in it; to be handed back by [`Self::put_buffer`].
    pub fn take_buffer(&mut self) -> Option<Vec<u8>> {
        if self.bytes.is_empty() {
            return None;
        }
        self.bytes.drain(..mem::take(&mut self.used));
        Some(mem::take(&mut self.bytes))
    }

    /// Takes the buffer that [`Self::take_buffer`] gave, with what was read added to it.
    pub fn put_buffer(&mut self, bytes: Vec<u8>) {
        (self.bytes, self.used) = (bytes, 0);
    }

    /// Takes a buffer that others need, too; [`Self::reclaim_buffer`] gives it back.
    pub fn lend_buffer(&mut self, bytes: Vec<u8>) {
        self.put_buffer(bytes);
        self.is_lent = true;
    }

    /// When there is nothing more to take out: keeps only what is half-read, and gives back what was lent.
    pub fn reclaim_buffer(&mut self) -> Option<Vec<u8>> {
        let rest = &self.bytes[self.used..];
        if !rest.is_empty() && !self.is_lent {
            return None;
        }
        let rest = rest.to_vec();
        self.used = 0;
        let mut spare = mem::replace(&mut self.bytes, rest);
        spare.clear();
        mem::take(&mut self.is_lent).then_some(spare)
    }

    /// The next whole message or control frame; `None` until more was read.
    ///
    /// # Errors
    /// [`FrameError`]; nothing more can be read then.
    pub fn next_frame(&mut self) -> Result<Option<IncomingFrame<'_>>, FrameError> {
        loop {
            if self.parts.as_ref().is_some_and(|parts| parts.is_whole) {
                // It was handed out before.
                self.parts = None;
            }
            let Some(header) = self.header()? else { return Ok(None) };
            let start = self.used + header.length;
            let end = start + header.payload;
            if self.bytes.len() < end {
                return Ok(None);
            }
            self.used = end;
            let payload = &mut self.bytes[start..end];
            unmask(payload, header.mask);
            match (header.opcode, header.is_final) {
                (0x0, is_final) => {
                    let Some(parts) = &mut self.parts else { return Err(FrameError::InvalidFrame) };
                    parts.add(&self.bytes[start..end], is_final)?;
                    if is_final {
                        break;
                    }
                }
                (0x1, true) => {
                    let text = str::from_utf8(&self.bytes[start..end]).map_err(|_| FrameError::NotUtf8)?;
                    return Ok(Some(IncomingFrame::Text(text)));
                }
                (0x2, true) => return Ok(Some(IncomingFrame::Binary(&self.bytes[start..end]))),
                (opcode @ (0x1 | 0x2), _) => {
                    let mut parts =
                        Parts { is_text: opcode == 0x1, payload: Vec::new(), count: 0, valid: 0, is_whole: false };
                    parts.add(&self.bytes[start..end], false)?;
                    self.parts = Some(Box::new(parts));
                }
                (0x8, _) => return close(&self.bytes[start..end]).map(|code| Some(IncomingFrame::Close(code))),
                (0x9, _) => return Ok(Some(IncomingFrame::Ping(&self.bytes[start..end]))),
                (0xa, _) => return Ok(Some(IncomingFrame::Pong)),
                _ => return Err(FrameError::InvalidFrame),
            }
        }
        let Some(parts) = &self.parts else { return Ok(None) };
        if parts.is_text {
            let text = str::from_utf8(&parts.payload).map_err(|_| FrameError::NotUtf8)?;
            return Ok(Some(IncomingFrame::Text(text)));
        }
        Ok(Some(IncomingFrame::Binary(&parts.payload)))
    }

    /// Whether there may be something to take out without reading more.
    pub fn has_buffered_frame(&self) -> bool {
        match self.header() {
            Ok(Some(header)) => self.bytes.len() - self.used >= header.length + header.payload,
            Ok(None) => false,
            Err(_) => true,
        }
    }

    /// How many bytes, at least, complete what is half-read.
    pub fn bytes_needed(&self) -> usize {
        let read = self.bytes.len() - self.used;
        match self.header() {
            Ok(Some(header)) => (header.length + header.payload).saturating_sub(read),
            Ok(None) | Err(_) => LONGEST_HEADER,
        }
    }

    /// The header that comes next, once it is there and if it is in order.
    fn header(&self) -> Result<Option<Header>, FrameError> {
        let rest = &self.bytes[self.used..];
        let &[first, second, ..] = rest else { return Ok(None) };
        let (is_final, reserved, opcode) = (first & 0x80 != 0, first & 0x70, first & 0x0f);
        let is_control = opcode & 0x8 != 0;
        let is_continued = self.parts.as_ref().is_some_and(|parts| !parts.is_whole);
        let is_in_turn = match opcode {
            0x0 => is_continued,
            0x1 | 0x2 => !is_continued,
            0x8..=0xa => is_final && second & 0x7f <= 125,
            _ => false,
        };
        let is_masked = second & 0x80 != 0;
        if reserved != 0 || !is_masked || !is_in_turn {
            return Err(FrameError::InvalidFrame);
        }
        let (payload, mask_at) = match second & 0x7f {
            126 => (rest[2..].first_chunk().map(|bytes| u64::from(u16::from_be_bytes(*bytes))), 4),
            127 => (rest[2..].first_chunk().map(|bytes| u64::from_be_bytes(*bytes)), 10),
            length => (Some(u64::from(length)), 2),
        };
        let Some(payload) = payload else { return Ok(None) };
        let before = self.parts.as_ref().filter(|_| is_continued && !is_control).map_or(0, |parts| parts.payload.len());
        let most = if is_control { CONTROL_LIMIT } else { self.longest.saturating_sub(before) };
        let Some(payload) = usize::try_from(payload).ok().filter(|payload| *payload <= most) else {
            return Err(FrameError::TooBig);
        };
        let Some(&[a, b, c, d]) = rest.get(mask_at..mask_at + 4) else { return Ok(None) };
        Ok(Some(Header { is_final, opcode, mask: [a, b, c, d], length: mask_at + 4, payload }))
    }
}

impl Parts {
    fn add(&mut self, payload: &[u8], is_final: bool) -> Result<(), FrameError> {
        self.count += 1;
        if self.count > MOST_PARTS {
            return Err(FrameError::TooBig);
        }
        self.payload.extend_from_slice(payload);
        self.is_whole = is_final;
        if self.is_text {
            // A text that has gone wrong need not be waited for. Each byte is looked at once.
            match str::from_utf8(&self.payload[self.valid..]) {
                Ok(_) => self.valid = self.payload.len(),
                Err(error) if error.error_len().is_none() && !is_final => self.valid += error.valid_up_to(),
                Err(_) => return Err(FrameError::NotUtf8),
            }
        }
        Ok(())
    }
}

/// §5.3. The key is the client's choice; some choose zero.
fn unmask(payload: &mut [u8], mask: [u8; 4]) {
    if mask == [0; 4] {
        return;
    }
    let [a, b, c, d] = mask;
    let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let mut words = payload.chunks_exact_mut(8);
    for word in &mut words {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(word);
        word.copy_from_slice(&(u64::from_ne_bytes(bytes) ^ wide).to_ne_bytes());
    }
    for (byte, mask) in words.into_remainder().iter_mut().zip(mask.iter().cycle()) {
        *byte ^= mask;
    }
}

/// The code of a close frame (§5.5.1, §7.4).
fn close(payload: &[u8]) -> Result<Option<u16>, FrameError> {
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

    const LONGEST: usize = 1_000;

    /// What a reader hands out, owned.
    #[derive(Clone, Debug, PartialEq, Eq)]
    enum Got {
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

    /// Feeds `bytes` in pieces that end at `cuts`.
    fn read(bytes: &[u8], cuts: &[usize]) -> (Vec<Got>, Option<FrameError>) {
        let (mut reader, mut got) = (Reader::new(LONGEST), Vec::new());
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
                    Ok(Some(incoming)) => got.push(match incoming {
                        IncomingFrame::Text(text) => Got::Text(text.to_owned()),
                        IncomingFrame::Binary(bytes) => Got::Binary(bytes.to_owned()),
                        IncomingFrame::Ping(bytes) => Got::Ping(bytes.to_owned()),
                        IncomingFrame::Pong => Got::Pong,
                        IncomingFrame::Close(code) => Got::Close(code),
                    }),
                    Err(broken) => return (got, Some(broken)),
                }
            }
            reader.reclaim_buffer();
        }
        (got, None)
    }

    fn message() -> impl Strategy<Value = (Got, Vec<u8>)> {
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
                (Got::Text(text), frames)
            });
        let ping = (prop::collection::vec(any::<u8>(), 0..=125), any::<[u8; 4]>())
            .prop_map(|(payload, mask)| (Got::Ping(payload.clone()), frame(0x89, &payload, mask)));
        let binary = (prop::collection::vec(any::<u8>(), 0..400), any::<[u8; 4]>())
            .prop_map(|(payload, mask)| (Got::Binary(payload.clone()), frame(0x82, &payload, mask)));
        prop_oneof![text, ping, binary]
    }

    proptest! {
        #[test]
        fn messages_come_out_as_they_went_in_however_they_are_cut(
            messages in prop::collection::vec(message(), 0..6),
            cuts in prop::collection::vec(any::<usize>(), 0..8),
        ) {
            let bytes: Vec<u8> = messages.iter().flat_map(|(_, bytes)| bytes.clone()).collect();
            let (got, broken) = read(&bytes, &cuts);
            prop_assert_eq!(broken, None);
            prop_assert_eq!(got, messages.into_iter().map(|(message, _)| message).collect::<Vec<_>>());
        }

        #[test]
        fn where_it_is_cut_makes_no_difference_to_anything(
            bytes in prop::collection::vec(any::<u8>(), 0..300),
            cuts in prop::collection::vec(any::<usize>(), 0..8),
        ) {
            prop_assert_eq!(read(&bytes, &cuts), read(&bytes, &[]));
        }
    }

    fn refused(bytes: &[u8]) -> Option<FrameError> {
        read(bytes, &[]).1
    }

    #[test]
    fn what_rfc_6455_forbids_is_refused() {
        const MASK: [u8; 4] = [1, 2, 3, 4];
        assert_eq!(refused(b"\x81\x01x"), Some(FrameError::InvalidFrame), "not masked");
        assert_eq!(refused(&frame(0xc1, b"x", MASK)), Some(FrameError::InvalidFrame), "a reserved bit");
        assert_eq!(refused(&frame(0x83, b"x", MASK)), Some(FrameError::InvalidFrame), "a reserved opcode");
        assert_eq!(refused(&frame(0x80, b"x", MASK)), Some(FrameError::InvalidFrame), "a continuation of nothing");
        assert_eq!(refused(&frame(0x09, b"x", MASK)), Some(FrameError::InvalidFrame), "a control frame in parts");
        assert_eq!(refused(&frame(0x89, &[0; 126], MASK)), Some(FrameError::InvalidFrame), "a long control frame");
        let twice = [frame(0x01, b"a", MASK), frame(0x81, b"b", MASK)].concat();
        assert_eq!(refused(&twice), Some(FrameError::InvalidFrame), "a message within another");
        assert_eq!(refused(&frame(0x88, b"x", MASK)), Some(FrameError::InvalidFrame), "half a code");
        assert_eq!(
            refused(&frame(0x88, &1_005_u16.to_be_bytes(), MASK)),
            Some(FrameError::InvalidFrame),
            "no code to send"
        );
        assert_eq!(refused(&frame(0x88, b"\x03\xe8\xff", MASK)), Some(FrameError::NotUtf8), "a reason");
        assert_eq!(refused(&frame(0x81, b"\xff", MASK)), Some(FrameError::NotUtf8));
    }

    #[test]
    fn a_text_that_goes_wrong_is_refused_before_its_end() {
        let (start, rest) = "茶".as_bytes().split_at(1);
        let bytes = [frame(0x01, start, [0; 4]), frame(0x00, rest, [9; 4])].concat();
        assert_eq!(read(&bytes, &[]), (vec![], None));
        let bytes = [frame(0x01, start, [0; 4]), frame(0x00, b"x", [9; 4])].concat();
        assert_eq!(refused(&bytes), Some(FrameError::NotUtf8));
    }

    #[test]
    fn what_is_too_big_is_refused_by_its_header_alone() {
        assert_eq!(refused(&frame(0x81, &[b'x'; LONGEST + 1], [0; 4])[..8]), Some(FrameError::TooBig));
        assert_eq!(read(&frame(0x81, &[b'x'; LONGEST], [0; 4]), &[]).1, None);
        assert_eq!(refused(b"\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\0"), Some(FrameError::TooBig));
        let parts = [frame(0x01, &[b'x'; LONGEST], [0; 4]), frame(0x80, b"y", [0; 4])].concat();
        assert_eq!(refused(&parts), Some(FrameError::TooBig), "altogether");
    }

    #[test]
    fn a_message_does_not_come_in_nothings_for_ever() {
        let nothings = |many: u32| (0..many).flat_map(|_| frame(0x00, b"", [0; 4])).collect::<Vec<_>>();
        let most = [frame(0x01, b"a", [0; 4]), nothings(MOST_PARTS - 2), frame(0x80, b"b", [0; 4])].concat();
        assert_eq!(read(&most, &[]), (vec![Got::Text("ab".to_owned())], None));
        assert_eq!(refused(&[frame(0x01, b"a", [0; 4]), nothings(MOST_PARTS)].concat()), Some(FrameError::TooBig));
    }

    #[test]
    fn a_reader_with_nothing_half_read_owns_nothing() {
        let mut reader = Reader::new(LONGEST);
        reader.lend_buffer(frame(0x81, b"hello", [5; 4]));
        assert_eq!(reader.next_frame(), Ok(Some(IncomingFrame::Text("hello"))));
        assert_eq!(reader.next_frame(), Ok(None));
        assert!(reader.reclaim_buffer().is_some());
        assert_eq!(reader.bytes.capacity(), 0);
        assert_eq!(reader.take_buffer(), None);
    }
}
