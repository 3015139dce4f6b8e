//! What waits to be sent to one connection, and its way out: bounded in bytes, and nobody who has something for it ever
//! waits.
//!
//! Whoever has filled queues writes them to their sockets, each with one call, without waking anybody. Only what a socket
//! does not take is left to the connection's own task, as is everything over TLS.
//!
//! A connection that leaves more unread than the bound is closed, and comes back by its cursors. No frame is dropped
//! from a connection that stays open.

#[cfg(test)]
mod tests;

use std::{
    collections::VecDeque,
    io::{self, IoSlice},
    mem,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
};

use axum::body::Bytes;
use futures_util::task::AtomicWaker;
use tokio::io::AsyncWrite as _;

use crate::{
    domain::UserId,
    protocol::CloseCode,
    server::{
        hub::{
            encoded::{EncodedFrame, EventBatch, Frames, QueueEntry},
            replayed::ReplayedPositions,
        },
        websocket::{Sink, end_of_frame_at},
    },
};

/// How many pieces are written with one call; Linux takes 1,024.
const MOST_PIECES: usize = 64;

/// More room than this is given back as soon as a queue is empty; the rest when it has been so for a while.
const KEPT_ROOM: usize = 8;

/// How a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CloseReason {
    /// `None` where the peer has gone already.
    pub(crate) code: Option<CloseCode>,
    /// Whether what is queued is still to be sent.
    pub(crate) after_queue: bool,
}

impl CloseReason {
    /// Says `code` at once; what waits is not sent.
    pub(crate) const fn immediately(code: CloseCode) -> Self {
        Self { code: Some(code), after_queue: false }
    }

    /// Sends what waits, then says `code`.
    pub(crate) const fn after_queue(code: CloseCode) -> Self {
        Self { code: Some(code), after_queue: true }
    }

    /// The peer has gone: nothing is to be said.
    pub(crate) const CLIENT_GONE: Self = Self { code: None, after_queue: false };
}

/// A connection's queue. A plain mutex: it is held for pushes and for writes that don't wait, never across an `.await`.
#[derive(Debug)]
pub(crate) struct SendQueue {
    waiting: Mutex<QueueWaiter>,
    /// The connection's own task.
    task: AtomicWaker,
    /// The bound.
    most_bytes: usize,
}

#[derive(Debug, Default)]
struct QueueWaiter {
    /// Whole frames, one or many a piece.
    pieces: VecDeque<Bytes>,
    /// How much of the first piece was written.
    written: usize,
    /// How much is still to be written.
    bytes: usize,
    /// `None` before the welcome has been sent, and after the end.
    sink: Option<Sink>,
    /// What came before the welcome had been sent, and may be in it.
    early: Vec<QueueEntry>,
    /// What the welcome has told.
    seen: ReplayedPositions,
    /// The socket takes no more for now, or only from its own task: that task goes on.
    is_left_to_task: bool,
    /// Somebody has said that they will flush it.
    is_due: bool,
    /// Something was written since the last look.
    has_moved: bool,
    /// How many looks ago it was that something was written, while something waits.
    stuck_for: u32,
    closing: Option<CloseReason>,
}

impl SendQueue {
    pub(crate) fn new(most_bytes: usize) -> Self {
        Self { waiting: Mutex::default(), task: AtomicWaker::new(), most_bytes }
    }

    /// Adds a frame, and writes what can be written.
    pub(crate) fn send(&self, item: EncodedFrame) {
        self.push(item);
        self.flush();
    }

    /// Adds a frame; if that is too much, the connection closes as too slow. `true` asks the caller to [`Self::flush`]
    /// in a moment; nobody else was asked to.
    pub(crate) fn push(&self, item: EncodedFrame) -> bool {
        let mut waiting = self.waiting();
        self.add_item(&mut waiting, item);
        waiting.becomes_due()
    }

    /// Adds a run's frames, as a client of the whole protocol gets them. See [`Self::push`].
    pub(crate) fn push_batch(&self, run: &Arc<EventBatch>) -> bool {
        let mut waiting = self.waiting();
        self.add_run(&mut waiting, run);
        waiting.becomes_due()
    }

    /// The same for a plain client: without what it has said itself.
    pub(crate) fn push_simple_frames(&self, frames: &Frames, user: UserId) -> bool {
        let mut waiting = self.waiting();
        for piece in frames.without(user) {
            self.add_item(&mut waiting, EncodedFrame::control(piece));
        }
        waiting.becomes_due()
    }

    /// Adds several, and writes what can be written.
    pub(crate) fn send_all(&self, loads: &[QueueEntry]) {
        let mut waiting = self.waiting();
        for load in loads {
            self.add_load(&mut waiting, load);
        }
        self.write(&mut waiting);
    }

    /// Writes what can be written.
    pub(crate) fn flush(&self) {
        self.write(&mut self.waiting());
    }

    /// Closes the connection; the first reason counts.
    pub(crate) fn close(&self, closing: CloseReason) {
        self.end(&mut self.waiting(), closing);
    }

    /// From now on frames go to the socket, but for those that `seen` knows of.
    pub(crate) fn attach_writer(&self, sink: Sink, seen: ReplayedPositions) {
        let mut waiting = self.waiting();
        waiting.sink = Some(sink);
        waiting.seen = seen;
        let early = mem::take(&mut waiting.early);
        waiting.bytes = 0;
        for load in &early {
            self.add_load(&mut waiting, load);
        }
        self.write(&mut waiting);
    }

    /// Takes the socket back, with the rest of a frame that was begun.
    pub(crate) fn detach_writer(&self) -> (Option<Sink>, Option<Bytes>) {
        let mut waiting = self.waiting();
        let rest = waiting.pieces.pop_front().map(|piece| piece.slice(waiting.written..));
        waiting.pieces = VecDeque::new();
        (waiting.sink.take(), rest.filter(|rest| !rest.is_empty()))
    }

    /// Writes what was left to the connection's task, which alone calls this. Ready when the connection must end.
    pub(crate) fn poll(&self, context: &mut Context<'_>) -> Poll<CloseReason> {
        self.task.register(context.waker());
        let mut waiting = self.waiting();
        if waiting.is_left_to_task {
            match waiting.poll_write(context) {
                Poll::Ready(Ok(())) => waiting.is_left_to_task = false,
                Poll::Ready(Err(_gone)) => {
                    waiting.pieces = VecDeque::new();
                    self.end(&mut waiting, CloseReason::CLIENT_GONE);
                }
                Poll::Pending => {}
            }
        }
        match waiting.closing {
            Some(closing) if !closing.after_queue || waiting.pieces.is_empty() => Poll::Ready(closing),
            _ => Poll::Pending,
        }
    }

    /// Lets the connection's task look around.
    pub(crate) fn wake(&self) {
        self.task.wake();
    }

    /// Whether nothing of what waits was taken for `most` calls of this. Where nothing waits, gives room back.
    pub(crate) fn is_stalled_for(&self, most: u32) -> bool {
        let mut waiting = self.waiting();
        let has_moved = mem::take(&mut waiting.has_moved);
        if !has_moved && waiting.pieces.is_empty() {
            waiting.pieces = VecDeque::new();
        }
        let moved = has_moved || waiting.pieces.is_empty() || waiting.sink.is_none();
        waiting.stuck_for = if moved { 0 } else { waiting.stuck_for.saturating_add(1) };
        waiting.stuck_for > most
    }

    /// What waits for the socket.
    #[cfg(test)]
    pub(crate) fn early_bytes(&self) -> Vec<u8> {
        let waiting = self.waiting();
        let bytes = waiting.early.iter().map(|load| match load {
            QueueEntry::Events(run) => &run.full.bytes,
            QueueEntry::Frame(item) => &item.bytes,
        });
        bytes.flatten().copied().collect()
    }

    fn add_load(&self, waiting: &mut QueueWaiter, load: &QueueEntry) {
        match load {
            QueueEntry::Events(run) => self.add_run(waiting, run),
            QueueEntry::Frame(item) => self.add_item(waiting, item.clone()),
        }
    }

    fn add_item(&self, waiting: &mut QueueWaiter, item: EncodedFrame) {
        if waiting.sink.is_none() {
            if self.makes_room(waiting, item.bytes.len()) {
                waiting.early.push(QueueEntry::Frame(item));
            }
        } else if item.superseded_at.is_none_or(|position| waiting.seen.is_new(position)) {
            self.add(waiting, item.bytes);
        }
    }

    fn add_run(&self, waiting: &mut QueueWaiter, run: &Arc<EventBatch>) {
        if waiting.sink.is_none() {
            if self.makes_room(waiting, run.full.bytes.len()) {
                waiting.early.push(QueueEntry::Events(Arc::clone(run)));
            }
        } else if waiting.seen.concerns(run.conversation) {
            for (part, frame) in run.full.iter() {
                if waiting.seen.is_new((run.conversation, part.seq)) {
                    self.add(waiting, frame);
                }
            }
        } else {
            self.add(waiting, run.full.bytes.clone());
        }
    }

    fn add(&self, waiting: &mut QueueWaiter, piece: Bytes) {
        if !piece.is_empty() && self.makes_room(waiting, piece.len()) {
            waiting.pieces.push_back(piece);
        }
    }

    /// Counts `bytes` more, unless that is too much, and the end.
    fn makes_room(&self, waiting: &mut QueueWaiter, bytes: usize) -> bool {
        if waiting.closing.is_some() {
            return false;
        }
        if waiting.bytes + bytes > self.most_bytes / 2 {
            // Who reads has room again.
            let is_due = waiting.is_due;
            self.write(waiting);
            waiting.is_due = is_due;
        }
        waiting.bytes += bytes;
        if waiting.bytes > self.most_bytes {
            self.end(waiting, CloseReason::immediately(CloseCode::TooSlow));
        }
        waiting.closing.is_none()
    }

    fn end(&self, waiting: &mut QueueWaiter, closing: CloseReason) {
        if waiting.closing.is_some() {
            return;
        }
        waiting.closing = Some(closing);
        if closing.after_queue {
            waiting.is_left_to_task |= !waiting.pieces.is_empty();
        } else {
            waiting.forget_what_was_not_begun();
        }
        waiting.early = Vec::new();
        self.task.wake();
    }

    fn write(&self, waiting: &mut QueueWaiter) {
        waiting.is_due = false;
        if waiting.is_left_to_task || waiting.pieces.is_empty() || waiting.closing.is_some() {
            return;
        }
        match waiting.try_write() {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                waiting.is_left_to_task = true;
                self.task.wake();
            }
            Err(_gone) => self.end(waiting, CloseReason::CLIENT_GONE),
        }
    }

    fn waiting(&self) -> MutexGuard<'_, QueueWaiter> {
        // Nothing under this lock panics half-way through a change.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl QueueWaiter {
    fn becomes_due(&mut self) -> bool {
        !mem::replace(&mut self.is_due, true)
    }

    /// Writes all; an error says that it stopped before the end.
    fn try_write(&mut self) -> io::Result<()> {
        while !self.pieces.is_empty() {
            // Before the welcome everything waits.
            let Some(sink) = &self.sink else { return Ok(()) };
            let written = self.with_slices(|slices| sink.try_write(slices))?;
            self.advance(written)?;
        }
        Ok(())
    }

    fn poll_write(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(mut sink) = self.sink.take() else { return Poll::Ready(Ok(())) };
        let outcome = self.poll_write_to(Pin::new(&mut sink), context);
        self.sink = Some(sink);
        outcome
    }

    fn poll_write_to(&mut self, mut sink: Pin<&mut Sink>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.pieces.is_empty() {
            let written = ready!(self.with_slices(|slices| sink.as_mut().poll_write_vectored(context, slices)))?;
            self.advance(written)?;
        }
        sink.poll_flush(context)
    }

    fn with_slices<T>(&self, write: impl FnOnce(&[IoSlice<'_>]) -> T) -> T {
        let first = self.pieces.front().map_or(&[][..], |piece| &piece[self.written..]);
        if self.pieces.len() == 1 {
            return write(&[IoSlice::new(first)]);
        }
        let mut slices = [IoSlice::new(&[]); MOST_PIECES];
        let count = self.pieces.len().min(MOST_PIECES);
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
        self.has_moved = true;
        self.bytes -= written;
        while let Some(piece) = self.pieces.front() {
            let rest = piece.len() - self.written;
            if written < rest {
                self.written += written;
                return Ok(());
            }
            written -= rest;
            self.written = 0;
            self.pieces.pop_front();
        }
        if self.pieces.capacity() > KEPT_ROOM {
            self.pieces = VecDeque::new();
        }
        Ok(())
    }

    /// A frame of which a part was written must be written to its end, whatever comes after it.
    fn forget_what_was_not_begun(&mut self) {
        self.pieces.truncate(1);
        match self.pieces.front_mut() {
            Some(piece) if self.written > 0 => piece.truncate(end_of_frame_at(piece, self.written)),
            _ => self.pieces = VecDeque::new(),
        }
        self.bytes = self.pieces.front().map_or(0, |piece| piece.len() - self.written);
    }
}
