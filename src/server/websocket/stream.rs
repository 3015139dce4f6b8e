//! The stream below a WebSocket, in two halves that can be used at the same time.

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

/// What an upgraded connection runs on.
pub(crate) enum Stream {
    /// A socket of its own: written to by whoever has something for it.
    Tcp(TcpStream, Arc<ConnectionPermit>),
    Tls(Box<TlsStream<ConnectionStream>>),
}

/// What is read from.
pub(crate) enum Source {
    Tcp(OwnedReadHalf),
    Tls(ReadHalf<Box<TlsStream<ConnectionStream>>>),
}

/// What is written to.
#[derive(Debug)]
pub(crate) enum Sink {
    Tcp(OwnedWriteHalf),
    Tls(WriteHalf<Box<TlsStream<ConnectionStream>>>),
}

impl Stream {
    /// What is below a connection that was upgraded, and what was read ahead, in no more room than it takes: the buffer
    /// of a request is large. `None` if that is nothing of ours, or has ended already.
    pub(crate) fn from_upgraded(upgraded: Upgraded) -> Option<(Self, Vec<u8>)> {
        match upgraded.downcast::<TokioIo<ConnectionStream>>() {
            Ok(parts) => {
                let (stream, entry) = parts.io.into_inner().as_mut().get_pin_mut().get_mut().take_socket()?;
                Some((Self::Tcp(stream, entry), parts.read_buf.to_vec()))
            }
            Err(upgraded) => {
                let parts = upgraded.downcast::<TokioIo<TlsStream<ConnectionStream>>>().ok()?;
                Some((Self::Tls(Box::new(parts.io.into_inner())), parts.read_buf.to_vec()))
            }
        }
    }

    /// Its halves, and what counts it as open; with TLS the halves hold that as well.
    pub(crate) fn split(self) -> (Source, Sink, Option<Arc<ConnectionPermit>>) {
        match self {
            Self::Tcp(stream, entry) => {
                let (source, sink) = stream.into_split();
                (Source::Tcp(source), Sink::Tcp(sink), Some(entry))
            }
            Self::Tls(stream) => {
                let entry = stream.get_ref().0.get_ref().permit();
                let (source, sink) = split(stream);
                (Source::Tls(source), Sink::Tls(sink), entry)
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
    /// Writes what can be written without waiting; to a TLS stream only its own task writes.
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
