//! What waits to be sent to one connection. The queue is bounded in bytes, and whoever adds to it never waits.
//!
//! The thread that fills queues also writes them to their sockets, each with one call and without waking a task. Only
//! what a socket does not take at once is left to the connection's own task. Everything over TLS is left to it as well.
//!
//! A connection that leaves more unread than the bound is closed. Its client reconnects and resumes by its cursors. No
//! frame is dropped from a connection that stays open.

mod pending_writes;
#[cfg(test)]
mod tests;

use std::{
    io, mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};

use axum::body::Bytes;
use futures_util::task::AtomicWaker;

use crate::{
    domain::UserId,
    protocol::CloseCode,
    server::{
        hub::{
            encoded::{EncodedFrame, EventBatch, FeedEffect, Frames, QueueEntry},
            replayed::ReplayedPositions,
            send_queue::pending_writes::PendingWrites,
        },
        net::upgraded_stream::Sink,
    },
};

/// Why and how a connection closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CloseReason {
    /// The code of the close frame. `None` if the client has gone, so that no close frame is sent.
    pub(crate) code: Option<CloseCode>,
    /// Whether to send what is queued before the close frame.
    sends_queue: bool,
}

impl CloseReason {
    /// Closes at once; what is queued is not sent.
    pub(crate) const fn immediately(code: CloseCode) -> Self {
        Self { code: Some(code), sends_queue: false }
    }

    /// Closes after everything that is queued has been sent.
    pub(crate) const fn after_queue(code: CloseCode) -> Self {
        Self { code: Some(code), sends_queue: true }
    }

    /// The client has gone, so nothing is sent.
    pub(crate) const CLIENT_GONE: Self = Self { code: None, sends_queue: false };
}

/// The send queue of a connection.
#[derive(Debug)]
pub(crate) struct SendQueue {
    /// A plain mutex: it is held for pushes and for writes that do not block, never across an `.await`.
    state: Mutex<QueueState>,
    /// Wakes the connection's own task.
    task: AtomicWaker,
    /// How many bytes may be queued.
    max_bytes: usize,
}

#[derive(Debug, Default)]
struct QueueState {
    writes: PendingWrites,
    /// The socket. `None` before the welcome has been sent, and after [`SendQueue::detach_writer`].
    sink: Option<Sink>,
    /// What was pushed before the welcome had been sent. The welcome may include some of it.
    early: Vec<QueueEntry>,
    /// What the welcome and the replay included.
    replayed: ReplayedPositions,
    /// Whether the socket takes no more for now, or only from the connection's task. That task then goes on writing.
    is_left_to_task: bool,
    /// Whether a caller of a `push` method was asked to flush and has not done so yet.
    is_flush_due: bool,
    /// Whether anything was written since the last [`SendQueue::check_stalled`].
    has_progressed: bool,
    /// For how many checks in a row something has been queued while nothing was written.
    stalled_checks: u32,
    close_reason: Option<CloseReason>,
}

impl SendQueue {
    pub(super) fn new(send_queue_bytes: usize) -> Self {
        Self { state: Mutex::default(), task: AtomicWaker::new(), max_bytes: send_queue_bytes }
    }

    /// Adds a frame and writes what the socket takes.
    pub(crate) fn send(&self, frame: EncodedFrame) {
        self.push(frame);
        self.flush();
    }

    /// Adds a frame. If the queue exceeds its bound, the connection closes as too slow.
    ///
    /// Returns `true` if the caller must call [`Self::flush`] soon, `false` if an earlier caller was asked to already.
    pub(super) fn push(&self, frame: EncodedFrame) -> bool {
        let mut state = self.state();
        self.add_frame(&mut state, frame);
        state.request_flush()
    }

    /// Adds the frames of a batch, for the full protocol. Returns the same as [`Self::push`].
    pub(super) fn push_batch(&self, events: &Arc<EventBatch>) -> bool {
        let mut state = self.state();
        self.add_events(&mut state, events);
        state.request_flush()
    }

    /// Adds frames for the simple protocol, without those of `user`: a client of the simple protocol does not receive
    /// its own messages. Returns the same as [`Self::push`].
    pub(super) fn push_simple_frames(&self, frames: &Frames, user: UserId) -> bool {
        let mut state = self.state();
        for bytes in frames.without(user) {
            self.add_frame(&mut state, EncodedFrame::control(bytes));
        }
        state.request_flush()
    }

    /// Adds several entries and writes what the socket takes.
    pub(super) fn send_all(&self, entries: &[QueueEntry]) {
        let mut state = self.state();
        for entry in entries {
            self.add_entry(&mut state, entry);
        }
        self.write(&mut state);
    }

    /// Writes what the socket takes.
    pub(super) fn flush(&self) {
        self.write(&mut self.state());
    }

    /// Closes the connection. If it is closing already, the first reason counts.
    pub(crate) fn close(&self, reason: CloseReason) {
        self.begin_close(&mut self.state(), reason);
    }

    /// Begins to write to the socket. What was pushed earlier is written now, except for what `replayed` includes.
    pub(crate) fn attach_writer(&self, sink: Sink, replayed: ReplayedPositions) {
        let mut state = self.state();
        state.sink = Some(sink);
        state.replayed = replayed;
        let early = mem::take(&mut state.early);
        state.writes.queued_bytes = 0;
        for entry in &early {
            self.add_entry(&mut state, entry);
        }
        self.write(&mut state);
    }

    /// Returns the socket, with the unwritten rest of a frame that was begun.
    pub(crate) fn detach_writer(&self) -> (Option<Sink>, Option<Bytes>) {
        let mut state = self.state();
        let rest = state.writes.take_rest();
        (state.sink.take(), rest)
    }

    /// Writes what was left to the connection's task. Only that task calls this. Ready when the connection must close.
    pub(crate) fn poll(&self, context: &mut Context<'_>) -> Poll<CloseReason> {
        self.task.register(context.waker());
        let mut state = self.state();
        if state.is_left_to_task {
            match state.poll_write(context) {
                Poll::Ready(Ok(())) => state.is_left_to_task = false,
                Poll::Ready(Err(_client_gone)) => {
                    state.writes.clear();
                    self.begin_close(&mut state, CloseReason::CLIENT_GONE);
                }
                Poll::Pending => {}
            }
        }
        match state.close_reason {
            Some(reason) if !reason.sends_queue || state.writes.is_empty() => Poll::Ready(reason),
            _ => Poll::Pending,
        }
    }

    /// Wakes the connection's task.
    pub(crate) fn wake(&self) {
        self.task.wake();
    }

    /// Counts one periodic check of the queue. Returns whether it has been stalled for more than `max_checks` of them:
    /// something was queued and nothing was written.
    ///
    /// A queue that was idle since the last check gives back its memory.
    pub(super) fn check_stalled(&self, max_checks: u32) -> bool {
        let mut state = self.state();
        let has_progressed = mem::take(&mut state.has_progressed);
        if !has_progressed && state.writes.is_empty() {
            state.writes.clear();
        }
        let is_stalled = !has_progressed && !state.writes.is_empty() && state.sink.is_some();
        state.stalled_checks = if is_stalled { state.stalled_checks.saturating_add(1) } else { 0 };
        state.stalled_checks > max_checks
    }

    /// The bytes that were pushed before a socket was attached.
    #[cfg(test)]
    pub(crate) fn early_bytes(&self) -> Vec<u8> {
        let state = self.state();
        let bytes = state.early.iter().map(|entry| match entry {
            QueueEntry::Events(events) => &events.full.bytes,
            QueueEntry::Frame(frame) => &frame.bytes,
        });
        bytes.flatten().copied().collect()
    }

    fn add_entry(&self, state: &mut QueueState, entry: &QueueEntry) {
        match entry {
            QueueEntry::Events(events) => self.add_events(state, events),
            QueueEntry::Frame(frame) => self.add_frame(state, frame.clone()),
        }
    }

    fn add_frame(&self, state: &mut QueueState, frame: EncodedFrame) {
        if state.sink.is_none() {
            if self.reserve(state, frame.bytes.len()) {
                state.early.push(QueueEntry::Frame(frame));
            }
            return;
        }
        match frame.effect {
            FeedEffect::None => {}
            FeedEffect::SupersededAt(conversation, seq) => {
                if !state.replayed.is_new((conversation, seq)) {
                    return;
                }
            }
            FeedEffect::OutdatedAfter(conversation, seq) => {
                if state.replayed.is_beyond((conversation, seq)) {
                    return;
                }
            }
            FeedEffect::Ends(conversation) => state.replayed.remove(conversation),
        }
        self.add_bytes(state, frame.bytes);
    }

    fn add_events(&self, state: &mut QueueState, events: &Arc<EventBatch>) {
        if state.sink.is_none() {
            if self.reserve(state, events.full.bytes.len()) {
                state.early.push(QueueEntry::Events(Arc::clone(events)));
            }
        } else if state.replayed.contains(events.conversation) {
            for (part, bytes) in events.full.iter() {
                if state.replayed.is_new((events.conversation, part.seq)) {
                    self.add_bytes(state, bytes);
                }
            }
        } else {
            self.add_bytes(state, events.full.bytes.clone());
        }
    }

    fn add_bytes(&self, state: &mut QueueState, bytes: Bytes) {
        if !bytes.is_empty() && self.reserve(state, bytes.len()) {
            state.writes.push(bytes);
        }
    }

    /// Counts `bytes` as queued. Returns `false` if the connection is closing, or closes it because of them.
    fn reserve(&self, state: &mut QueueState, bytes: usize) -> bool {
        if state.close_reason.is_some() {
            return false;
        }
        if state.writes.queued_bytes + bytes > self.max_bytes / 2 {
            // Perhaps the client has read in the meantime.
            let is_flush_due = state.is_flush_due;
            self.write(state);
            state.is_flush_due = is_flush_due;
        }
        state.writes.queued_bytes += bytes;
        if state.writes.queued_bytes > self.max_bytes {
            self.begin_close(state, CloseReason::immediately(CloseCode::TooSlow));
        }
        state.close_reason.is_none()
    }

    fn begin_close(&self, state: &mut QueueState, reason: CloseReason) {
        if state.close_reason.is_some() {
            return;
        }
        state.close_reason = Some(reason);
        if reason.sends_queue {
            state.is_left_to_task |= !state.writes.is_empty();
        } else {
            state.writes.drop_unstarted_frames();
        }
        state.early = Vec::new();
        self.task.wake();
    }

    fn write(&self, state: &mut QueueState) {
        state.is_flush_due = false;
        if state.is_left_to_task || state.writes.is_empty() || state.close_reason.is_some() {
            return;
        }
        match state.try_write() {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                state.is_left_to_task = true;
                self.task.wake();
            }
            Err(_client_gone) => self.begin_close(state, CloseReason::CLIENT_GONE),
        }
    }

    fn state(&self) -> MutexGuard<'_, QueueState> {
        // No change under this lock leaves the queue half-changed when it panics.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl QueueState {
    /// Whether the caller must flush: nobody was asked to since the last flush.
    fn request_flush(&mut self) -> bool {
        !mem::replace(&mut self.is_flush_due, true)
    }

    fn try_write(&mut self) -> io::Result<()> {
        let Some(sink) = &self.sink else { return Ok(()) };
        let before = self.writes.queued_bytes;
        let outcome = self.writes.try_write(sink);
        self.has_progressed |= self.writes.queued_bytes < before;
        outcome
    }

    fn poll_write(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(sink) = &mut self.sink else { return Poll::Ready(Ok(())) };
        let before = self.writes.queued_bytes;
        let outcome = self.writes.poll_write(sink, context);
        self.has_progressed |= self.writes.queued_bytes < before;
        outcome
    }
}
