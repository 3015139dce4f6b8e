//! Whole frames that wait to be written to a socket, with as few calls as possible.

use std::{
    collections::VecDeque,
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
};

use axum::body::Bytes;
use tokio::io::AsyncWrite as _;

use crate::server::{net::upgraded_stream::Sink, websocket::end_of_frame_at};

/// How many pieces are written with one call. Linux takes up to 1,024.
const MAX_SLICES: usize = 64;

/// If the list of pieces has more capacity than this when it becomes empty, its memory is freed at once. Otherwise it
/// is freed when the queue has been idle for a while.
const MAX_KEPT_CAPACITY: usize = 8;

#[derive(Debug, Default)]
pub(super) struct PendingWrites {
    /// Each piece is one whole frame or several.
    pieces: VecDeque<Bytes>,
    /// How many bytes of the first piece have been written.
    first_piece_written: usize,
    /// How many bytes are queued. The queue adds to this before it pushes, because it also counts frames that it holds
    /// back until the welcome has been sent; writing subtracts.
    pub(super) queued_bytes: usize,
}

impl PendingWrites {
    pub(super) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Adds whole frames, which [`Self::queued_bytes`] includes already.
    pub(super) fn push(&mut self, frames: Bytes) {
        self.pieces.push_back(frames);
    }

    /// Drops all pieces and their memory.
    pub(super) fn clear(&mut self) {
        self.pieces = VecDeque::new();
    }

    /// Returns the unwritten rest of the first piece, if any, and drops the other pieces.
    pub(super) fn take_rest(&mut self) -> Option<Bytes> {
        let rest = self.pieces.pop_front().map(|piece| piece.slice(self.first_piece_written..));
        self.clear();
        rest.filter(|rest| !rest.is_empty())
    }

    /// Writes everything.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] if the socket does not take everything now; any other error if the client has
    /// gone.
    pub(super) fn try_write(&mut self, sink: &Sink) -> io::Result<()> {
        while !self.pieces.is_empty() {
            let written = self.with_slices(|slices| sink.try_write(slices))?;
            self.advance(written)?;
        }
        Ok(())
    }

    /// Writes everything, and flushes the socket.
    pub(super) fn poll_write(&mut self, sink: &mut Sink, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut sink = Pin::new(sink);
        while !self.pieces.is_empty() {
            let written = ready!(self.with_slices(|slices| sink.as_mut().poll_write_vectored(context, slices)))?;
            self.advance(written)?;
        }
        sink.poll_flush(context)
    }

    fn with_slices<T>(&self, write: impl FnOnce(&[IoSlice<'_>]) -> T) -> T {
        let first = self.pieces.front().map_or(&[][..], |piece| &piece[self.first_piece_written..]);
        if self.pieces.len() == 1 {
            return write(&[IoSlice::new(first)]);
        }
        let mut slices = [IoSlice::new(&[]); MAX_SLICES];
        let count = self.pieces.len().min(MAX_SLICES);
        for (slice, piece) in slices.iter_mut().zip(&self.pieces) {
            *slice = IoSlice::new(piece);
        }
        slices[0] = IoSlice::new(first);
        write(&slices[..count])
    }

    fn advance(&mut self, mut written: usize) -> io::Result<()> {
        if written == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        self.queued_bytes -= written;
        while let Some(piece) = self.pieces.front() {
            let rest = piece.len() - self.first_piece_written;
            if written < rest {
                self.first_piece_written += written;
                return Ok(());
            }
            written -= rest;
            self.first_piece_written = 0;
            self.pieces.pop_front();
        }
        if self.pieces.capacity() > MAX_KEPT_CAPACITY {
            self.clear();
        }
        Ok(())
    }

    /// Drops everything except the rest of a frame that was begun: a close frame may come only after its end.
    pub(super) fn drop_unstarted_frames(&mut self) {
        self.pieces.truncate(1);
        match self.pieces.front_mut() {
            Some(piece) if self.first_piece_written > 0 => {
                piece.truncate(end_of_frame_at(piece, self.first_piece_written));
            }
            _ => self.clear(),
        }
        self.queued_bytes = self.pieces.front().map_or(0, |piece| piece.len() - self.first_piece_written);
    }
}
