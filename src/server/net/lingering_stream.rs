//! TCP streams that close without losing the last bytes sent.
//!
//! When a socket is closed with unread bytes in its receive buffer, TCP answers them with a reset, and the reset makes the
//! client discard what it had received but not read: the close frame that says why (RFC 1122 §4.2.2.13). So a stream here
//! shuts down its writing half first and reads to the end for a little while. Apache calls this lingering close.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf},
    net::TcpStream,
    time::{Instant, timeout},
};
use tokio_io_timeout::TimeoutStream;
use tokio_util::task::TaskTracker;

use crate::server::net::{connection_limiter::ConnectionPermit, connection_timeouts::RequestTimer};

/// A lingering stream whose writes fail once the client has read nothing for too long.
pub(crate) type ConnectionStream = Pin<Box<TimeoutStream<LingeringStream>>>;

/// How long to wait for the client to close its side.
const LINGER_TIMEOUT: Duration = Duration::from_secs(2);

/// How many bytes to read and discard meanwhile.
const MAX_LINGER_BYTES: u64 = 8 * 1024 * 1024;

/// A TCP stream that lingers when it is dropped, and holds its connection permit until then.
#[derive(Debug)]
pub(crate) struct LingeringStream {
    /// `None` once [`Self::take_socket`] has taken it, and while `self` is being dropped.
    socket: Option<(TcpStream, Arc<ConnectionPermit>)>,
    /// Notified when bytes have arrived.
    timer: Arc<RequestTimer>,
    tasks: TaskTracker,
}

impl LingeringStream {
    /// Must be dropped within a Tokio runtime: the task that lingers is spawned there and tracked by `tasks`.
    pub(crate) fn new(
        stream: TcpStream,
        permit: Arc<ConnectionPermit>,
        timer: Arc<RequestTimer>,
        tasks: TaskTracker,
    ) -> Self {
        Self { socket: Some((stream, permit)), timer, tasks }
    }

    /// Takes the socket out. The caller closes it with [`linger`].
    pub(crate) fn take_socket(&mut self) -> Option<(TcpStream, Arc<ConnectionPermit>)> {
        self.socket.take()
    }

    /// The permit under which the connection counts as open.
    pub(crate) fn permit(&self) -> Option<Arc<ConnectionPermit>> {
        self.socket.as_ref().map(|(_, permit)| Arc::clone(permit))
    }

    fn stream(self: Pin<&mut Self>) -> io::Result<Pin<&mut TcpStream>> {
        let socket = self.get_mut().socket.as_mut();
        socket.map(|(stream, _)| Pin::new(stream)).ok_or_else(|| io::ErrorKind::NotConnected.into())
    }
}

impl Drop for LingeringStream {
    fn drop(&mut self) {
        // Outside a runtime the process is about to end, and the stream is closed at once.
        if let (Some((stream, permit)), Ok(_)) = (self.socket.take(), tokio::runtime::Handle::try_current()) {
            self.tasks.spawn(async move {
                let (mut reader, mut writer) = stream.into_split();
                linger(&mut reader, &mut writer).await;
                drop(permit);
            });
        }
    }
}

/// Shuts down `writer`, then reads `reader` to its end, within limits of time and bytes.
pub(crate) async fn linger(reader: &mut (impl AsyncRead + Unpin), writer: &mut (impl AsyncWrite + Unpin)) {
    let lingering = async {
        writer.shutdown().await?;
        tokio::io::copy(&mut reader.take(MAX_LINGER_BYTES), &mut tokio::io::sink()).await
    };
    // Neither an error nor the time-out matters: the connection is closed either way.
    let _ = timeout(LINGER_TIMEOUT, lingering).await;
}

impl AsyncRead for LingeringStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = self.as_mut().stream()?.poll_read(context, buffer);
        if buffer.filled().len() > before {
            self.timer.bytes_received(Instant::now());
        }
        read
    }
}

impl AsyncWrite for LingeringStream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.stream()?.poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream()?.poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream()?.poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.stream()?.poll_write_vectored(context, slices)
    }
}
