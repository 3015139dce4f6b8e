//! One end of a WebSocket that never blocks: reads into a shared buffer, writes as much as the kernel accepts.

use std::io::{self, ErrorKind, Read as _, Write as _};

use mio::net::TcpStream;

use super::{
    failure::Failure,
    frames::{CLOSE, PING, PONG, Side, TEXT, append_frame, parse_frame},
};

/// Something that arrived.
pub(crate) enum Received<'a> {
    /// The head of the HTTP request or response that begins the connection.
    Head(&'a [u8]),
    Text(&'a [u8]),
}

pub(crate) struct Connection {
    pub(crate) stream: TcpStream,
    side: Side,
    is_upgraded: bool,
    /// The beginning of a head or frame that is not complete yet.
    unread: Vec<u8>,
    /// What the kernel has not accepted yet.
    unsent: Vec<u8>,
}

impl Connection {
    pub(crate) fn new(stream: TcpStream, side: Side) -> Self {
        Self { stream, side, is_upgraded: false, unread: Vec::new(), unsent: Vec::new() }
    }

    /// Reads everything available. Returns false at the end of the stream.
    pub(crate) fn read(
        &mut self,
        buffer: &mut [u8],
        mut handle: impl FnMut(Received<'_>) -> Result<(), Failure>,
    ) -> Result<bool, Failure> {
        loop {
            match self.stream.read(buffer) {
                Ok(0) => return Ok(false),
                Ok(length) => {
                    self.process(&buffer[..length], &mut handle)?;
                    // A read that returns less than the buffer holds has emptied the socket: epoll(7), question 9.
                    if length < buffer.len() {
                        return Ok(true);
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(true),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn process(
        &mut self,
        received: &[u8],
        handle: &mut impl FnMut(Received<'_>) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        if self.unread.is_empty() {
            let consumed = self.parse(received, handle)?;
            self.unread.extend_from_slice(&received[consumed..]);
        } else {
            let mut unread = std::mem::take(&mut self.unread);
            unread.extend_from_slice(received);
            let consumed = self.parse(&unread, handle)?;
            unread.drain(..consumed);
            self.unread = unread;
        }
        Ok(())
    }

    /// Handles all complete frames. Returns how many bytes they took.
    fn parse(
        &mut self,
        bytes: &[u8],
        handle: &mut impl FnMut(Received<'_>) -> Result<(), Failure>,
    ) -> Result<usize, Failure> {
        let mut consumed = 0;
        if !self.is_upgraded {
            let Some(end_of_head) = bytes.windows(4).position(|bytes| bytes == b"\r\n\r\n") else { return Ok(0) };
            consumed = end_of_head + 4;
            self.is_upgraded = true;
            handle(Received::Head(&bytes[..consumed]))?;
        }
        while let Some((opcode, range)) = parse_frame(&bytes[consumed..])? {
            let payload = &bytes[consumed..][range.clone()];
            consumed += range.end;
            match opcode {
                TEXT => handle(Received::Text(payload))?,
                PING => {
                    let mut pong = Vec::new();
                    append_frame(&mut pong, PONG, payload, self.side);
                    self.send(&pong)?;
                }
                CLOSE => {
                    let code = payload.first_chunk().map(|code| u16::from_be_bytes(*code));
                    return Err(format!("closed by the other end, code {code:?}").into());
                }
                _ => {}
            }
        }
        Ok(consumed)
    }

    /// Writes at once. What the kernel does not accept waits for [`Self::flush`].
    pub(crate) fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        let written = if self.unsent.is_empty() { self.write(bytes)? } else { 0 };
        self.unsent.extend_from_slice(&bytes[written..]);
        Ok(())
    }

    /// Queues bytes for the next [`Self::flush`].
    pub(crate) fn queue(&mut self, bytes: &[u8]) {
        self.unsent.extend_from_slice(bytes);
    }

    pub(crate) fn flush(&mut self) -> io::Result<()> {
        if self.unsent.is_empty() {
            return Ok(());
        }
        let unsent = std::mem::take(&mut self.unsent);
        let written = self.write(&unsent)?;
        self.unsent = unsent;
        self.unsent.drain(..written);
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.stream.write(bytes) {
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => Ok(0),
            outcome => outcome,
        }
    }
}
