//! The stream of an upgraded HTTP connection, on which a WebSocket runs. Its two halves can be used at the same time.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf, ReadHalf, WriteHalf, split},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
};
use tokio_rustls::server::TlsStream;

use crate::server::net::{connection_limiter::ConnectionPermit, lingering_stream::ConnectionStream};

/// The stream of an upgraded connection.
pub(crate) enum UpgradedStream {
    /// Plain TCP. Any thread may write to it without waiting.
    Tcp(TcpStream, Arc<ConnectionPermit>),
    /// TLS. Only the task of the connection writes to it.
    Tls(Box<TlsStream<ConnectionStream>>),
}

/// The half that is read from.
pub(crate) enum Source {
    Tcp(OwnedReadHalf),
    Tls(ReadHalf<Box<TlsStream<ConnectionStream>>>),
}

/// The half that is written to.
#[derive(Debug)]
pub(crate) enum Sink {
    Tcp(OwnedWriteHalf),
    Tls(WriteHalf<Box<TlsStream<ConnectionStream>>>),
}

impl UpgradedStream {
    /// Takes the stream out of an upgraded HTTP connection, with the bytes that were read ahead. These are copied to a
    /// buffer of their own, because the buffer of a request is large.
    ///
    /// Returns `None` if the connection is not one that this server accepted, or has ended already.
    pub(crate) fn from_upgraded(upgraded: Upgraded) -> Option<(Self, Vec<u8>)> {
        match upgraded.downcast::<TokioIo<ConnectionStream>>() {
            Ok(parts) => {
                let (stream, permit) = parts.io.into_inner().as_mut().get_pin_mut().get_mut().take_socket()?;
                Some((Self::Tcp(stream, permit), parts.read_buf.to_vec()))
            }
            Err(upgraded) => {
                let parts = upgraded.downcast::<TokioIo<TlsStream<ConnectionStream>>>().ok()?;
                Some((Self::Tls(Box::new(parts.io.into_inner())), parts.read_buf.to_vec()))
            }
        }
    }

    /// Splits the stream into its halves, and returns the permit that counts the connection as open. With TLS, the
    /// halves hold that permit as well.
    pub(crate) fn split(self) -> (Source, Sink, Option<Arc<ConnectionPermit>>) {
        match self {
            Self::Tcp(stream, permit) => {
                let (source, sink) = stream.into_split();
                (Source::Tcp(source), Sink::Tcp(sink), Some(permit))
            }
            Self::Tls(stream) => {
                let permit = stream.get_ref().0.get_ref().permit();
                let (source, sink) = split(stream);
                (Source::Tls(source), Sink::Tls(sink), permit)
            }
        }
    }
}

impl AsyncRead for Source {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(half) => Pin::new(half).poll_read(context, buffer),
            Self::Tls(half) => Pin::new(half).poll_read(context, buffer),
        }
    }
}

impl Sink {
    /// Writes without waiting.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] if the socket takes nothing now, and always for TLS.
    pub(crate) fn try_write(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        match (self, slices) {
            (Self::Tcp(half), [slice]) => half.try_write(slice),
            (Self::Tcp(half), slices) => half.try_write_vectored(slices),
            (Self::Tls(_), _) => Err(io::ErrorKind::WouldBlock.into()),
        }
    }
}

impl AsyncWrite for Sink {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(half) => Pin::new(half).poll_write(context, bytes),
            Self::Tls(half) => Pin::new(half).poll_write(context, bytes),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(half) => Pin::new(half).poll_write_vectored(context, slices),
            Self::Tls(half) => Pin::new(half).poll_write_vectored(context, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Tcp(half) => half.is_write_vectored(),
            Self::Tls(half) => half.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(half) => Pin::new(half).poll_flush(context),
            Self::Tls(half) => Pin::new(half).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(half) => Pin::new(half).poll_shutdown(context),
            Self::Tls(half) => Pin::new(half).poll_shutdown(context),
        }
    }
}
