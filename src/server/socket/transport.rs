//! One WebSocket: hearing, speaking, and parting well.
//!
//! What is here is for its beginning and its end. In between [`ConnectionSession`](crate::server::socket::session::ConnectionSession) hears, and the hub
//! speaks.

use std::{
    future::poll_fn,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::body::Bytes;
use serde::Serialize;
use tokio::{io::AsyncWriteExt as _, time::timeout};
use tokio_util::io::poll_read_buf;

use crate::{
    protocol::{CloseCode, ErrorCode, ErrorFrame, MAX_FRAME_BYTES, ServerFrame},
    server::{
        config::Timing,
        hub::{EncodedFrame, SendQueue},
        net::{connection_limiter::ConnectionPermit, lingering_stream::linger},
        socket::read_buffers,
        websocket::{self, FrameError, IncomingFrame, Reader, Sink, Source, Stream},
    },
};

/// Last words to a peer.
#[derive(Debug)]
pub(crate) struct CloseMessage {
    frame: Option<EncodedFrame>,
    ending: CloseHandshake,
}

/// How the closing handshake goes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum CloseHandshake {
    Code(CloseCode),
    /// The peer has begun it, with this code.
    Echo(Option<u16>),
    /// There is nobody to say anything to.
    Gone,
}

impl From<Option<CloseCode>> for CloseHandshake {
    fn from(code: Option<CloseCode>) -> Self {
        code.map_or(Self::Gone, Self::Code)
    }
}

impl CloseMessage {
    pub(crate) fn new(frame: &impl Serialize, code: CloseCode) -> Self {
        Self { frame: EncodedFrame::encode(frame), ending: CloseHandshake::Code(code) }
    }

    pub(crate) fn error(error: ErrorFrame, code: CloseCode) -> Self {
        Self::new(&ServerFrame::Error(error), code)
    }

    pub(crate) fn too_many(message: String) -> Self {
        let code = ErrorCode::RateLimited;
        let error = ErrorFrame { id: None, code, message, suggestion: None, retry_after_ms: None };
        Self::error(error, CloseCode::TooMany)
    }

    /// No words, only the code.
    pub(crate) fn wordless(code: Option<CloseCode>) -> Self {
        Self { frame: None, ending: code.into() }
    }
}

/// One WebSocket.
pub(crate) struct Transport {
    source: Source,
    /// `None` while it is the queue's.
    sink: Option<Sink>,
    /// What was begun to be written, and must be finished before anything else is.
    rest: Option<Bytes>,
    pub(crate) reader: Reader,
    pub(crate) timing: Arc<Timing>,
    /// Counts the connection as open.
    entry: Option<Arc<ConnectionPermit>>,
}

impl Transport {
    /// `ahead` is what was read of it already.
    pub(crate) fn new(stream: Stream, ahead: Vec<u8>, timing: Arc<Timing>) -> Self {
        let (source, sink, entry) = stream.split();
        let mut reader = Reader::new(MAX_FRAME_BYTES);
        reader.put_buffer(ahead);
        Self { source, sink: Some(sink), rest: None, reader, timing, entry }
    }

    /// The first text, or how it ends before that. Pings are answered.
    pub(crate) async fn first_text(&mut self) -> Result<Option<String>, CloseMessage> {
        loop {
            let pong = match self.reader.next_frame() {
                Ok(Some(IncomingFrame::Text(text))) => return Ok(Some(text.to_owned())),
                Ok(Some(IncomingFrame::Binary(_))) => return Ok(None),
                Ok(Some(IncomingFrame::Ping(payload))) => Some(websocket::encode_pong(payload)),
                Ok(Some(IncomingFrame::Pong)) => None,
                Ok(Some(IncomingFrame::Close(code))) => {
                    return Err(CloseMessage { frame: None, ending: CloseHandshake::Echo(code) });
                }
                Ok(None) => {
                    self.read().await?;
                    None
                }
                Err(broken) => return Err(CloseMessage::wordless(Some(code_of(broken)))),
            };
            if let Some(pong) = pong {
                self.send(EncodedFrame::control(pong)).await?;
            }
        }
    }

    /// How long to wait for the first frame.
    pub(crate) fn patience(&self) -> Duration {
        let is_crowded = self.entry.as_ref().is_some_and(|entry| entry.is_crowded());
        if is_crowded { self.timing.crowded.min(self.timing.hello) } else { self.timing.hello }
    }

    /// Somebody has come in on it.
    pub(crate) fn is_signed_in(&self) {
        if let Some(entry) = &self.entry {
            entry.is_signed_in();
        }
    }

    /// Sends one frame now. Before [`Transport::take_writer`] only.
    pub(crate) async fn send(&mut self, item: EncodedFrame) -> Result<(), CloseMessage> {
        let Some(sink) = &mut self.sink else { return Err(CloseMessage::wordless(None)) };
        // If this is given up half-way, what is left of the frame comes before the last words.
        let rest = self.rest.insert(item.bytes);
        let sending = async {
            sink.write_all_buf(rest).await?;
            sink.flush().await
        };
        match timeout(self.timing.silence, sending).await {
            Ok(Ok(())) => {
                self.rest = None;
                Ok(())
            }
            Ok(Err(_gone)) => Err(CloseMessage::wordless(None)),
            Err(_elapsed) => Err(CloseMessage::wordless(Some(CloseCode::TooSlow))),
        }
    }

    /// Hands the half that is written to over to the hub.
    pub(crate) fn take_writer(&mut self) -> Option<Sink> {
        self.sink.take()
    }

    /// Takes it back from a queue that has ended; gives what is to be said as farewell.
    pub(crate) fn take_sink_back(&mut self, queue: &SendQueue, ending: CloseHandshake) -> CloseMessage {
        (self.sink, self.rest) = queue.detach_writer();
        CloseMessage { frame: None, ending }
    }

    async fn read(&mut self) -> Result<(), CloseMessage> {
        match poll_fn(|context| self.poll_read(context)).await {
            Ok(1..) => Ok(()),
            Ok(0) | Err(_) => Err(CloseMessage::wordless(None)),
        }
    }

    /// Reads into a buffer that is borrowed for as long as there is something in it.
    pub(crate) fn poll_read(&mut self, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let wanted = self.reader.bytes_needed();
        if let Some(mut buffer) = self.reader.take_buffer() {
            buffer.reserve(wanted);
            let read = poll_read_buf(Pin::new(&mut self.source), context, &mut buffer);
            self.reader.put_buffer(buffer);
            return read;
        }
        let mut buffer = read_buffers::borrow();
        let read = poll_read_buf(Pin::new(&mut self.source), context, &mut buffer);
        if buffer.is_empty() {
            read_buffers::give(Some(buffer));
        } else {
            self.reader.lend_buffer(buffer);
        }
        read
    }

    /// Says the last words, if the peer listens.
    async fn bid(&mut self, farewell: CloseMessage) {
        let CloseMessage { frame, ending } = farewell;
        let (rest, sink) = (self.rest.take(), self.sink.as_mut());
        let close = match ending {
            CloseHandshake::Code(code) => websocket::encode_close(Some(code.number()), reason(code)),
            CloseHandshake::Echo(code) => websocket::encode_close(code, ""),
            CloseHandshake::Gone => return,
        };
        let Some(sink) = sink else { return };
        let words = async {
            for bytes in [rest, frame.map(|item| item.bytes), Some(close)].into_iter().flatten() {
                sink.write_all(&bytes).await?;
            }
            sink.flush().await
        };
        if !matches!(timeout(self.timing.farewell, words).await, Ok(Ok(()))) {
            tracing::debug!("a peer did not take its last frames");
        }
    }

    /// Says farewell, and parts.
    pub(crate) async fn end(mut self, farewell: CloseMessage) {
        self.bid(farewell).await;
        self.part().await;
    }

    /// Says that nothing more comes, and waits for the peer to do its half (RFC 6455 §7.1.1), not for ever.
    async fn part(mut self) {
        if let Some(sink) = &mut self.sink {
            linger(&mut self.source, sink).await;
        }
    }
}

pub(crate) const fn code_of(broken: FrameError) -> CloseCode {
    match broken {
        FrameError::InvalidFrame => CloseCode::BadWebSocket,
        FrameError::NotUtf8 => CloseCode::NotUtf8,
        FrameError::TooBig => CloseCode::TooBig,
    }
}

/// For people who look at the wire.
const fn reason(code: CloseCode) -> &'static str {
    match code {
        CloseCode::BadWebSocket => "not WebSocket",
        CloseCode::NotUtf8 => "not UTF-8",
        CloseCode::TooBig => "frame too big",
        CloseCode::Restarting => "restarting",
        CloseCode::TooSlow => "too slow, come back and resync",
        CloseCode::ProtocolError => "protocol error",
        CloseCode::SessionEnded => "session ended",
        CloseCode::Removed => "removed by a moderator",
        CloseCode::NoHello => "no hello",
        CloseCode::NicknameTaken => "nickname taken",
        CloseCode::PasswordChanged => "session ended by a new password",
        CloseCode::SessionExpired => "session expired",
        CloseCode::GuestsEnded => "the sessions of all guests were ended",
        CloseCode::TooMany => "too many requests",
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::{
        io::AsyncReadExt as _,
        net::{TcpListener, TcpStream},
    };

    use super::*;
    use crate::server::net::{
        client_addr::ClientAddr,
        connection_limiter::{ConnectionLimiter, Places},
    };

    #[tokio::test]
    async fn a_frame_that_was_given_up_half_way_is_finished_before_the_last_words() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let mut client = TcpStream::connect(listener.local_addr().expect("an address")).await.expect("a connection");
        let (stream, address) = listener.accept().await.expect("a connection");
        let entry = Arc::new(
            ConnectionLimiter::new(Places { all: 1, of_address: None, of_network: None })
                .enter(ClientAddr::from(address.ip()))
                .expect("room"),
        );
        let timing =
            Timing { silence: Duration::from_millis(50), farewell: Duration::from_secs(20), ..Timing::default() };
        let mut line = Transport::new(Stream::Tcp(stream, entry), Vec::new(), Arc::new(timing));

        // More than the kernel takes while nobody reads.
        let long = EncodedFrame::encode(&"x".repeat(32 * 1024 * 1024)).expect("a frame");
        let farewell = line.send(long.clone()).await.expect_err("nobody reads");
        let reading = tokio::spawn(async move {
            let mut all = Vec::new();
            client.read_to_end(&mut all).await.expect("an end");
            all
        });
        line.bid(farewell).await;
        drop(line);
        let all = reading.await.expect("an end");
        let close = websocket::encode_close(Some(CloseCode::TooSlow.number()), reason(CloseCode::TooSlow));
        assert!(all.starts_with(&long.bytes), "the whole frame");
        assert!(all[long.bytes.len()..] == *close, "and then the close");
    }
}
