//! The talk on one connection: hearing, while the hub speaks.
//!
//! Hearing and speaking go on at the same time in one task: a client that sends much before it reads is still heard.
//! Mostly the hub speaks, by itself, straight to the socket; the task does it where the socket makes it wait.
//!
//! Most connections do nothing most of the time, so what is kept here is what it takes to wait for them. Whatever else
//! is needed is made when it is, and given up afterwards.

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
        App,
        hub::{CloseReason, Connection, EncodedFrame, Registered, ReplayedPositions},
        socket::{
            read_buffers,
            transport::{CloseHandshake, CloseMessage, Transport, code_of},
        },
        websocket::{self, IncomingFrame},
    },
};

/// How frames that come in are answered.
pub(crate) trait FrameHandler: Send + 'static {
    /// The server that this goes on in.
    fn app(&self) -> &App;

    /// Takes one text frame.
    fn hear(&mut self, text: &str) -> impl Future<Output = HandlerOutcome> + Send;

    /// Takes a binary frame, which no protocol here has.
    fn hear_binary(&mut self) -> HandlerOutcome;

    /// Takes a ping or pong, which needs no answer from here but may come too often.
    fn hear_control(&mut self) -> HandlerOutcome;

    /// What is to be done when it is over, before others see that.
    fn leave(&mut self) -> impl Future<Output = ()> + Send;
}

/// What follows from a frame.
pub(crate) enum HandlerOutcome {
    /// Nothing, or an answer that the store's feed will bring.
    Nothing,
    Reply(Option<EncodedFrame>),
    /// An answer that waits for the store; the frames after this one don't.
    Later(BoxFuture<'static, Option<EncodedFrame>>),
    /// A last answer, then the end.
    Close(Option<EncodedFrame>, CloseCode),
}

/// A connection of somebody who is in.
pub(crate) struct ConnectionSession<T> {
    line: Transport,
    talk: T,
    registered: Registered,
}

/// Why there is nothing more to hear.
enum ReadEnd {
    /// The queue has ended.
    Over(CloseReason),
    /// The queue is to end so; the farewell is as the queue says, or else this.
    Enough(CloseReason, Option<CloseHandshake>),
}

enum Next {
    /// Something was read.
    Read,
    /// There is something to go on with that was read before.
    Room,
    /// The peer has gone.
    Gone,
    Over(CloseReason),
    Stopping,
}

impl<T: FrameHandler> ConnectionSession<T> {
    /// From now on the hub speaks, but not of what `seen` knows of.
    pub(crate) fn begin(mut line: Transport, talk: T, registered: Registered, seen: ReplayedPositions) -> Self {
        if let Some(sink) = line.take_writer() {
            registered.connection.queue.attach_writer(sink, seen);
        }
        Self { line, talk, registered }
    }

    /// Hears and speaks until it ends; returns what is to be said as farewell.
    pub(crate) async fn converse(&mut self) -> CloseMessage {
        let ending = match self.listen().await {
            ReadEnd::Over(closing) => closing.code.into(),
            ReadEnd::Enough(closing, echo) => Box::pin(self.finish(closing, echo)).await,
        };
        self.line.take_sink_back(&self.registered.connection.queue, ending)
    }

    /// Says farewell and parts; the hub has forgotten the connection before that, so that nobody takes somebody who is
    /// slow in leaving for present.
    pub(crate) async fn end(self, farewell: CloseMessage) {
        let Self { line, mut talk, registered } = self;
        talk.leave().await;
        drop((talk, registered));
        line.end(farewell).await;
    }

    async fn listen(&mut self) -> ReadEnd {
        loop {
            // What has been read already, before more is.
            while !self.registered.connection.is_at_command_limit() {
                let heard = match self.line.reader.next_frame() {
                    // What this needs takes room only while it lasts.
                    Ok(Some(IncomingFrame::Text(text))) => Box::pin(self.talk.hear(text)).await,
                    Ok(Some(IncomingFrame::Binary(_))) => self.talk.hear_binary(),
                    Ok(Some(IncomingFrame::Ping(payload))) => {
                        self.registered.connection.queue.send(EncodedFrame::control(websocket::encode_pong(payload)));
                        self.talk.hear_control()
                    }
                    Ok(Some(IncomingFrame::Pong)) => self.talk.hear_control(),
                    Ok(Some(IncomingFrame::Close(code))) => {
                        return ReadEnd::Enough(CloseReason::CLIENT_GONE, Some(CloseHandshake::Echo(code)));
                    }
                    Ok(None) => break,
                    Err(broken) => return ReadEnd::Enough(CloseReason::after_queue(code_of(broken)), None),
                };
                if let Some(code) = self.answer(heard) {
                    return ReadEnd::Enough(CloseReason::after_queue(code), None);
                }
            }
            read_buffers::give(self.line.reader.reclaim_buffer());
            match poll_fn(|context| self.poll_turn(context)).await {
                Next::Read => self.registered.connection.record_activity(),
                Next::Room => {}
                Next::Gone => return ReadEnd::Enough(CloseReason::CLIENT_GONE, None),
                Next::Over(closing) => return ReadEnd::Over(closing),
                Next::Stopping => return Box::pin(self.settle()).await,
            }
        }
    }

    /// Does what follows from a frame; gives the code with which the connection is to end, if it is.
    fn answer(&self, heard: HandlerOutcome) -> Option<CloseCode> {
        let connection = &self.registered.connection;
        match heard {
            HandlerOutcome::Nothing => {}
            HandlerOutcome::Reply(answer) => answer.into_iter().for_each(|item| connection.queue.send(item)),
            HandlerOutcome::Later(answer) => answer_later(connection, answer, self.talk.app()),
            HandlerOutcome::Close(answer, code) => {
                answer.into_iter().for_each(|item| connection.queue.send(item));
                return Some(code);
            }
        }
        None
    }

    /// What happens next on this line. What waits to be sent is sent meanwhile.
    fn poll_turn(&mut self, context: &mut Context<'_>) -> Poll<Next> {
        let connection = &self.registered.connection;
        if let Poll::Ready(closing) = connection.queue.poll(context) {
            return Poll::Ready(Next::Over(closing));
        }
        if self.talk.app().stopping.is_cancelled() {
            return Poll::Ready(Next::Stopping);
        }
        if connection.is_at_command_limit() {
            return Poll::Pending;
        }
        if self.line.reader.has_buffered_frame() {
            return Poll::Ready(Next::Room);
        }
        Poll::Ready(match ready!(self.line.poll_read(context)) {
            Ok(1..) => Next::Read,
            Ok(0) | Err(_) => Next::Gone,
        })
    }

    /// The server stops: what was taken is still carried out and answered.
    async fn settle(&mut self) -> ReadEnd {
        let connection = &self.registered.connection;
        let settled = poll_fn(|context| match connection.queue.poll(context) {
            Poll::Ready(closing) => Poll::Ready(Some(closing)),
            Poll::Pending if connection.has_no_pending_commands() => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        });
        // The rest of the time is for the farewell.
        match timeout(self.line.timing.stop / 2, settled).await {
            Ok(Some(closing)) => return ReadEnd::Over(closing),
            Ok(None) => {}
            Err(_elapsed) => tracing::warn!("stopping without answers to all commands: the store is slow"),
        }
        ReadEnd::Enough(CloseReason::after_queue(CloseCode::Restarting), None)
    }

    /// Ends the queue; what it still has to send is sent, not for ever.
    async fn finish(&mut self, closing: CloseReason, echo: Option<CloseHandshake>) -> CloseHandshake {
        let queue = &self.registered.connection.queue;
        queue.close(closing);
        let last = poll_fn(|context| queue.poll(context));
        let closing = timeout(self.line.timing.farewell, last).await.unwrap_or(closing);
        echo.unwrap_or_else(|| closing.code.into())
    }
}

/// The answer is sent when it is there, in its own time.
fn answer_later(connection: &Arc<Connection>, answer: BoxFuture<'static, Option<EncodedFrame>>, app: &App) {
    let connection = Arc::clone(connection);
    connection.command_started();
    app.tasks.spawn(async move {
        answer.await.into_iter().for_each(|item| connection.queue.send(item));
        connection.command_finished();
    });
}
