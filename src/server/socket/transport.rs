//! Reading from a WebSocket, writing to it before and after its session, and closing it.
//!
//! During the session [`ConnectionSession`](crate::server::socket::session::ConnectionSession) reads, and the hub writes.

use std::{
    future::poll_fn,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::body::Bytes;
use tokio::{io::AsyncWriteExt as _, time::timeout};
use tokio_util::io::poll_read_buf;

use crate::{
    protocol::{CloseCode, MAX_FRAME_BYTES},
    server::{
        config::Timing,
        hub::{EncodedFrame, SendQueue},
        net::{
            connection_limiter::ConnectionPermit,
            lingering_stream::linger,
            upgraded_stream::{Sink, Source, UpgradedStream},
        },
        socket::{
            close_message::{CloseHandshake, CloseMessage, close_code_for_frame_error, close_reason},
            read_buffers,
        },
        websocket::{self, IncomingFrame, Reader},
    },
};

/// One WebSocket.
pub(super) struct Transport {
    source: Source,
    /// `None` while the hub's send queue has it.
    sink: Option<Sink>,
    /// The rest of a frame that was written in part. It must be written before anything else.
    unfinished: Option<Bytes>,
    pub(super) reader: Reader,
    pub(super) timing: Arc<Timing>,
    /// The permit under which the connection counts as open.
    permit: Option<Arc<ConnectionPermit>>,
}

impl Transport {
    /// `read_ahead` is what was read together with the upgrade request.
    pub(super) fn new(stream: UpgradedStream, read_ahead: Vec<u8>, timing: Arc<Timing>) -> Self {
        let (source, sink, permit) = stream.split();
        let mut reader = Reader::new(MAX_FRAME_BYTES);
        reader.put_buffer(read_ahead);
        Self { source, sink: Some(sink), unfinished: None, reader, timing, permit }
    }

    /// Waits for the first message and answers pings meanwhile. Returns `None` if the message is binary.
    ///
    /// # Errors
    /// How to close the connection, if it ends before that.
    pub(super) async fn first_text(&mut self) -> Result<Option<String>, CloseMessage> {
        loop {
            let pong = match self.reader.next_frame() {
                Ok(Some(IncomingFrame::Text(text))) => return Ok(Some(text.to_owned())),
                Ok(Some(IncomingFrame::Binary(_))) => return Ok(None),
                Ok(Some(IncomingFrame::Ping(payload))) => Some(websocket::encode_pong(payload)),
                Ok(Some(IncomingFrame::Pong)) => None,
                Ok(Some(IncomingFrame::Close(code))) => {
                    return Err(CloseMessage::without_frame(CloseHandshake::Echo(code)));
                }
                Ok(None) => {
                    self.read().await?;
                    None
                }
                Err(error) => return Err(CloseMessage::without_frame(close_code_for_frame_error(error))),
            };
            if let Some(pong) = pong {
                self.send(EncodedFrame::control(pong)).await?;
            }
        }
    }

    /// How long to wait for the first message.
    pub(super) fn hello_timeout(&self) -> Duration {
        let Timing { hello_timeout, crowded_timeout, .. } = *self.timing;
        let is_crowded = self.permit.as_ref().is_some_and(|permit| permit.is_crowded());
        if is_crowded { crowded_timeout.min(hello_timeout) } else { hello_timeout }
    }

    /// Notes that a user has signed in on this connection.
    pub(super) fn mark_signed_in(&self) {
        if let Some(permit) = &self.permit {
            permit.mark_signed_in();
        }
    }

    /// Writes one frame, without the hub. Only before [`Self::take_writer`].
    pub(super) async fn send(&mut self, frame: EncodedFrame) -> Result<(), CloseMessage> {
        let Some(sink) = &mut self.sink else { return Err(CloseMessage::without_frame(CloseHandshake::Gone)) };
        // If this future is dropped half-way, `send_close` writes the rest of the frame first.
        let unfinished = self.unfinished.insert(frame.bytes);
        let sending = async {
            sink.write_all_buf(unfinished).await?;
            sink.flush().await
        };
        match timeout(self.timing.silence_timeout, sending).await {
            Ok(Ok(())) => {
                self.unfinished = None;
                Ok(())
            }
            Ok(Err(_gone)) => Err(CloseMessage::without_frame(CloseHandshake::Gone)),
            Err(_elapsed) => Err(CloseMessage::without_frame(CloseCode::TooSlow)),
        }
    }

    /// Takes the writing half, to give it to the hub's send queue.
    pub(super) fn take_writer(&mut self) -> Option<Sink> {
        self.sink.take()
    }

    /// Takes the writing half back from a queue that has closed.
    pub(super) fn restore_writer(&mut self, queue: &SendQueue) {
        (self.sink, self.unfinished) = queue.detach_writer();
    }

    /// Reads once. Returns an error if the client has gone.
    pub(super) async fn read(&mut self) -> Result<(), CloseMessage> {
        match poll_fn(|context| self.poll_read(context)).await {
            Ok(1..) => Ok(()),
            Ok(0) | Err(_) => Err(CloseMessage::without_frame(CloseHandshake::Gone)),
        }
    }

    /// Reads once, into a buffer that the reader borrows for as long as it holds bytes.
    pub(super) fn poll_read(&mut self, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let needed = self.reader.bytes_needed();
        if let Some(mut buffer) = self.reader.take_buffer() {
            buffer.reserve(needed);
            let read = poll_read_buf(Pin::new(&mut self.source), context, &mut buffer);
            self.reader.put_buffer(buffer);
            return read;
        }
        let mut buffer = read_buffers::take();
        let read = poll_read_buf(Pin::new(&mut self.source), context, &mut buffer);
        if buffer.is_empty() {
            read_buffers::put_back(Some(buffer));
        } else {
            self.reader.lend_buffer(buffer);
        }
        read
    }

    /// Sends the close message, then closes the connection.
    pub(super) async fn close(mut self, message: CloseMessage) {
        self.send_close(message).await;
        self.close_write().await;
    }

    async fn send_close(&mut self, message: CloseMessage) {
        let CloseMessage { frame, handshake } = message;
        let (unfinished, sink) = (self.unfinished.take(), self.sink.as_mut());
        let close = match handshake {
            CloseHandshake::Code(code) => websocket::encode_close(Some(code.number()), close_reason(code)),
            CloseHandshake::Echo(code) => websocket::encode_close(code, ""),
            CloseHandshake::Gone => return,
        };
        let Some(sink) = sink else { return };
        let sending = async {
            for bytes in [unfinished, frame.map(|frame| frame.bytes), Some(close)].into_iter().flatten() {
                sink.write_all(&bytes).await?;
            }
            sink.flush().await
        };
        if !matches!(timeout(self.timing.close_timeout, sending).await, Ok(Ok(()))) {
            tracing::debug!("a client did not take its last frames");
        }
    }

    /// Shuts down the writing half, then waits a little for the client to close its half (RFC 6455 §7.1.1).
    async fn close_write(mut self) {
        if let Some(sink) = &mut self.sink {
            linger(&mut self.source, sink).await;
        }
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
    use crate::{
        domain::ClientAddr,
        server::net::connection_limiter::{ConnectionLimiter, ConnectionLimits},
    };

    #[tokio::test]
    async fn a_frame_that_was_sent_in_part_is_finished_before_the_close() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let mut client = TcpStream::connect(listener.local_addr().expect("an address")).await.expect("a connection");
        let (stream, address) = listener.accept().await.expect("a connection");
        let limits = ConnectionLimits { total: 1, per_address: None, per_network: None };
        let permit = ConnectionLimiter::new(limits).acquire(ClientAddr::from(address.ip())).expect("a permit");
        let timing = Timing {
            silence_timeout: Duration::from_millis(50),
            close_timeout: Duration::from_secs(20),
            ..Timing::default()
        };
        let mut transport = Transport::new(UpgradedStream::Tcp(stream, Arc::new(permit)), Vec::new(), Arc::new(timing));

        // More than the kernel buffers while nobody reads.
        let long = EncodedFrame::encode(&"x".repeat(32 * 1024 * 1024)).expect("a frame");
        let message = transport.send(long.clone()).await.expect_err("nobody reads");
        let reading = tokio::spawn(async move {
            let mut all = Vec::new();
            client.read_to_end(&mut all).await.expect("an end");
            all
        });
        transport.send_close(message).await;
        drop(transport);
        let all = reading.await.expect("an end");
        let close = websocket::encode_close(Some(CloseCode::TooSlow.number()), close_reason(CloseCode::TooSlow));
        assert!(all.starts_with(&long.bytes), "the whole frame");
        assert!(all[long.bytes.len()..] == *close, "and then the close");
    }
}
