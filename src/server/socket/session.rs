//! The session of a signed-in connection: reads frames and handles them, while the hub writes.
//!
//! One task both reads and writes, and neither blocks the other: a client that sends much before it reads is still read
//! from. Usually the hub writes to the socket directly. The task writes only what the socket did not take at once.
//!
//! Most connections are idle most of the time, so a session holds only what waiting needs. Anything else is allocated when
//! it is needed, and freed afterwards.

use std::{
    future::{Future, poll_fn},
    sync::Arc,
    task::{Context, Poll, ready},
};

use futures_util::future::BoxFuture;
use tokio::time::timeout;

use crate::{
    protocol::CloseCode,
    server::{
        hub::{CloseReason, Connection, EncodedFrame, Registered, ReplayedPositions},
        socket::{
            close_message::{CloseHandshake, CloseMessage, close_code_for_frame_error},
            read_buffers,
            transport::Transport,
        },
        state::AppState,
        websocket::{self, IncomingFrame},
    },
};

/// Handles the frames of one connection. Each protocol has its handler.
pub(super) trait FrameHandler: Send + 'static {
    fn app(&self) -> &AppState;

    /// Handles a text message.
    fn on_text(&mut self, text: &str) -> impl Future<Output = HandlerOutcome> + Send;

    /// Handles a binary message. Neither protocol has any.
    fn on_binary(&mut self) -> HandlerOutcome;

    /// Handles a ping or a pong. The session answers pings itself, but too many of either cost too much.
    fn on_ping_or_pong(&mut self) -> HandlerOutcome;

    /// Called at the end of the session, before others see the user go offline.
    fn on_end(&mut self) -> impl Future<Output = ()> + Send;
}

/// What to do after a frame was handled.
pub(super) enum HandlerOutcome {
    /// Nothing: there is no reply, or it comes through the store's feed.
    Nothing,
    Reply(Option<EncodedFrame>),
    /// A reply that waits for the store. The next frames do not wait for it.
    ReplyLater(BoxFuture<'static, Option<EncodedFrame>>),
    /// A last reply, then the close.
    Close(Option<EncodedFrame>, CloseCode),
}

/// The session of a signed-in user on one connection.
pub(super) struct ConnectionSession<H> {
    transport: Transport,
    handler: H,
    registered: Registered,
}

/// Why the read loop ended.
enum ReadEnd {
    /// The hub has closed the send queue.
    QueueClosed(CloseReason),
    /// The session must close the send queue for this reason. The handshake answers the client's close frame, if it sent
    /// one. Otherwise the queue's reason decides.
    CloseQueue(CloseReason, Option<CloseHandshake>),
}

/// What happened on an idle connection.
enum SessionEvent {
    BytesRead,
    /// The reader already has a whole frame.
    FrameBuffered,
    ClientGone,
    QueueClosed(CloseReason),
    Stopping,
}

impl<H: FrameHandler> ConnectionSession<H> {
    /// Hands the writing half to the hub, which skips the events in `replayed`.
    pub(super) fn begin(
        mut transport: Transport,
        handler: H,
        registered: Registered,
        replayed: ReplayedPositions,
    ) -> Self {
        if let Some(sink) = transport.take_writer() {
            registered.connection.queue.attach_writer(sink, replayed);
        }
        Self { transport, handler, registered }
    }

    /// Runs the session to its end, and returns how to close the connection.
    pub(super) async fn run(&mut self) -> CloseMessage {
        let handshake = match self.read_loop().await {
            ReadEnd::QueueClosed(reason) => reason.code.into(),
            ReadEnd::CloseQueue(reason, echo) => Box::pin(self.close_queue(reason, echo)).await,
        };
        self.transport.restore_writer(&self.registered.connection.queue);
        CloseMessage::without_frame(handshake)
    }

    /// Closes the connection. First the hub forgets it, so that a user whose client is slow to close is not shown as
    /// online.
    pub(super) async fn close(self, message: CloseMessage) {
        let Self { transport, mut handler, registered } = self;
        handler.on_end().await;
        drop((handler, registered));
        transport.close(message).await;
    }

    async fn read_loop(&mut self) -> ReadEnd {
        loop {
            // Handles all frames that have been read before it reads more.
            while !self.registered.connection.is_at_command_limit() {
                let outcome = match self.transport.reader.next_frame() {
                    // Boxed, so that it takes memory only while a frame is handled.
                    Ok(Some(IncomingFrame::Text(text))) => Box::pin(self.handler.on_text(text)).await,
                    Ok(Some(IncomingFrame::Binary(_))) => self.handler.on_binary(),
                    Ok(Some(IncomingFrame::Ping(payload))) => {
                        self.registered.connection.queue.send(EncodedFrame::control(websocket::encode_pong(payload)));
                        self.handler.on_ping_or_pong()
                    }
                    Ok(Some(IncomingFrame::Pong)) => self.handler.on_ping_or_pong(),
                    Ok(Some(IncomingFrame::Close(code))) => {
                        return ReadEnd::CloseQueue(CloseReason::CLIENT_GONE, Some(CloseHandshake::Echo(code)));
                    }
                    Ok(None) => break,
                    Err(error) => {
                        let reason = CloseReason::after_queue(close_code_for_frame_error(error));
                        return ReadEnd::CloseQueue(reason, None);
                    }
                };
                if let Some(code) = self.apply(outcome) {
                    return ReadEnd::CloseQueue(CloseReason::after_queue(code), None);
                }
            }
            read_buffers::put_back(self.transport.reader.reclaim_buffer());
            match poll_fn(|context| self.poll_event(context)).await {
                SessionEvent::BytesRead => self.registered.connection.record_activity(),
                SessionEvent::FrameBuffered => {}
                SessionEvent::ClientGone => return ReadEnd::CloseQueue(CloseReason::CLIENT_GONE, None),
                SessionEvent::QueueClosed(reason) => return ReadEnd::QueueClosed(reason),
                SessionEvent::Stopping => return Box::pin(self.drain()).await,
            }
        }
    }

    /// Sends the replies to a frame. Returns the close code if the connection is to be closed.
    fn apply(&self, outcome: HandlerOutcome) -> Option<CloseCode> {
        let connection = &self.registered.connection;
        match outcome {
            HandlerOutcome::Nothing => {}
            HandlerOutcome::Reply(reply) => reply.into_iter().for_each(|frame| connection.queue.send(frame)),
            HandlerOutcome::ReplyLater(reply) => reply_later(connection, reply, self.handler.app()),
            HandlerOutcome::Close(reply, code) => {
                reply.into_iter().for_each(|frame| connection.queue.send(frame));
                return Some(code);
            }
        }
        None
    }

    /// Waits for the next event. Meanwhile it writes what is in the send queue.
    fn poll_event(&mut self, context: &mut Context<'_>) -> Poll<SessionEvent> {
        let connection = &self.registered.connection;
        if let Poll::Ready(reason) = connection.queue.poll(context) {
            return Poll::Ready(SessionEvent::QueueClosed(reason));
        }
        if connection.is_dismissed() {
            return Poll::Ready(SessionEvent::Stopping);
        }
        if connection.is_at_command_limit() {
            return Poll::Pending;
        }
        if self.transport.reader.has_buffered_frame() {
            return Poll::Ready(SessionEvent::FrameBuffered);
        }
        Poll::Ready(match ready!(self.transport.poll_read(context)) {
            Ok(1..) => SessionEvent::BytesRead,
            Ok(0) | Err(_) => SessionEvent::ClientGone,
        })
    }

    /// Waits until all commands that were read have been executed and answered, because the server stops.
    async fn drain(&mut self) -> ReadEnd {
        let connection = &self.registered.connection;
        let drained = poll_fn(|context| match connection.queue.poll(context) {
            Poll::Ready(reason) => Poll::Ready(Some(reason)),
            Poll::Pending if connection.has_no_pending_commands() => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        });
        // The other half of the time is for closing the connection.
        match timeout(self.transport.timing.stop_timeout / 2, drained).await {
            Ok(Some(reason)) => return ReadEnd::QueueClosed(reason),
            Ok(None) => {}
            Err(_elapsed) => tracing::warn!("stopping before all commands were answered: the store is slow"),
        }
        ReadEnd::CloseQueue(CloseReason::after_queue(CloseCode::Restarting), None)
    }

    /// Closes the send queue and waits, for a limited time, until what it holds has been written.
    async fn close_queue(&mut self, reason: CloseReason, echo: Option<CloseHandshake>) -> CloseHandshake {
        let queue = &self.registered.connection.queue;
        queue.close(reason);
        let written = poll_fn(|context| queue.poll(context));
        let reason = timeout(self.transport.timing.close_timeout, written).await.unwrap_or(reason);
        echo.unwrap_or_else(|| reason.code.into())
    }
}

/// Spawns a task that sends the reply once it is known.
fn reply_later(connection: &Arc<Connection>, reply: BoxFuture<'static, Option<EncodedFrame>>, app: &AppState) {
    let connection = Arc::clone(connection);
    connection.command_started();
    app.tasks.spawn(async move {
        reply.await.into_iter().for_each(|frame| connection.queue.send(frame));
        connection.command_finished();
    });
}
