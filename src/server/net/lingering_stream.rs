//! TCP streams that end without losing their last words.
//!
//! A socket that is closed while the peer's bytes wait unread in it answers them with a reset, and the reset makes the
//! peer forget what it had received but not read: the close frame that says why (RFC 1122 §4.2.2.13; Apache calls the
//! cure lingering close). So a stream here is shut down for writing first, and read to its end for a little while.

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

use crate::server::net::{connection_limiter::ConnectionPermit, connection_timeouts::Patience};

/// A stream that gives up on a peer that takes nothing, and lingers in the end.
pub(crate) type ConnectionStream = Pin<Box<TimeoutStream<LingeringStream>>>;

/// How long to wait for the peer to end its side.
const LONGEST: Duration = Duration::from_secs(2);

/// How much to read and throw away meanwhile.
const MOST_BYTES: u64 = 8 * 1024 * 1024;

/// A stream that lingers when it is dropped, and counts as open until then.
#[derive(Debug)]
pub(crate) struct LingeringStream {
    /// `None` once it was taken out, or while it is being dropped.
    stream: Option<(TcpStream, Arc<ConnectionPermit>)>,
    /// Told when something has come.
    patience: Arc<Patience>,
    tasks: TaskTracker,
}

impl LingeringStream {
    /// The task that lingers is one of `tasks`. Must be dropped within a runtime.
    pub(crate) fn new(
        stream: TcpStream,
        entry: Arc<ConnectionPermit>,
        patience: Arc<Patience>,
        tasks: TaskTracker,
    ) -> Self {
        Self { stream: Some((stream, entry)), patience, tasks }
    }

    /// Takes the socket out, for somebody who lingers by [`linger`].
    pub(crate) fn take(&mut self) -> Option<(TcpStream, Arc<ConnectionPermit>)> {
        self.stream.take()
    }

    /// What counts it as open.
    pub(crate) fn entry(&self) -> Option<Arc<ConnectionPermit>> {
        self.stream.as_ref().map(|(_, entry)| Arc::clone(entry))
    }

    fn stream(self: Pin<&mut Self>) -> io::Result<Pin<&mut TcpStream>> {
        let stream = self.get_mut().stream.as_mut();
        stream.map(|(stream, _)| Pin::new(stream)).ok_or_else(|| io::ErrorKind::NotConnected.into())
    }
}

impl Drop for LingeringStream {
    fn drop(&mut self) {
        // Outside a runtime, at the very end of the process, there is nobody left to linger.
        if let (Some((stream, entry)), Ok(_)) = (self.stream.take(), tokio::runtime::Handle::try_current()) {
            self.tasks.spawn(async move {
                let (mut reading, mut writing) = stream.into_split();
                linger(&mut reading, &mut writing).await;
                drop(entry);
            });
        }
    }
}

/// Ends the writing half, and reads the other to its end, for a little while.
pub(crate) async fn linger(reading: &mut (impl AsyncRead + Unpin), writing: &mut (impl AsyncWrite + Unpin)) {
    let lingering = async {
        writing.shutdown().await?;
        tokio::io::copy(&mut reading.take(MOST_BYTES), &mut tokio::io::sink()).await
    };
    // A peer that has gone already needs no farewell.
    let _ = timeout(LONGEST, lingering).await;
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
            self.patience.heard(Instant::now());
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
