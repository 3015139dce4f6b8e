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

use crate::protocol::CloseCode;

use super::{
    super::{
        App,
        hub::{Closing, Connection, Item, Registered, Seen},
        websocket::{self, Incoming},
    },
    line::{Ending, Farewell, Line, code_of},
    scratch,
};

/// How frames that come in are answered.
pub(super) trait Talk: Send + 'static {
    /// The server that this goes on in.
    fn app(&self) -> &App;

    /// Takes one text frame.
    fn hear(&mut self, text: &str) -> impl Future<Output = Heard> + Send;

    /// Takes a binary frame, which no protocol here has.
    fn hear_binary(&mut self) -> Heard;

    /// Takes a ping or pong, which needs no answer from here but may come too often.
    fn hear_control(&mut self) -> Heard;

    /// What is to be done when it is over, before others see that.
    fn leave(&mut self) -> impl Future<Output = ()> + Send;
}

/// What follows from a frame.
pub(super) enum Heard {
    /// Nothing, or an answer that the store's feed will bring.
    Nothing,
    Reply(Option<Item>),
    /// An answer that waits for the store; the frames after this one don't.
    Later(BoxFuture<'static, Option<Item>>),
    /// A last answer, then the end.
    Close(Option<Item>, CloseCode),
}

/// A connection of somebody who is in.
pub(super) struct Talking<T> {
    line: Line,
    talk: T,
    registered: Registered,
}

/// Why there is nothing more to hear.
enum Listened {
    /// The queue has ended.
    Over(Closing),
    /// The queue is to end so; the farewell is as the queue says, or else this.
    Enough(Closing, Option<Ending>),
}

enum Next {
    /// Something was read.
    Read,
    /// There is something to go on with that was read before.
    Room,
    /// The peer has gone.
    Gone,
    Over(Closing),
    Stopping,
}

impl<T: Talk> Talking<T> {
    /// From now on the hub speaks, but not of what `seen` knows of.
    pub(super) fn begin(mut line: Line, talk: T, registered: Registered, seen: Seen) -> Self {
        if let Some(sink) = line.lend_sink() {
            registered.connection.queue.open(sink, seen);
        }
        Self { line, talk, registered }
    }

    /// Hears and speaks until it ends; returns what is to be said as farewell.
    pub(super) async fn converse(&mut self) -> Farewell {
        let ending = match self.listen().await {
            Listened::Over(closing) => closing.code.into(),
            Listened::Enough(closing, echo) => Box::pin(self.finish(closing, echo)).await,
        };
        self.line.take_sink_back(&self.registered.connection.queue, ending)
    }

    /// Says farewell and parts; the hub has forgotten the connection before that, so that nobody takes somebody who is
    /// slow in leaving for present.
    pub(super) async fn end(self, farewell: Farewell) {
        let Self { line, mut talk, registered } = self;
        talk.leave().await;
        drop((talk, registered));
        line.end(farewell).await;
    }

    async fn listen(&mut self) -> Listened {
        loop {
            // What has been read already, before more is.
            while !self.registered.connection.is_full() {
                let heard = match self.line.reader.next_incoming() {
                    // What this needs takes room only while it lasts.
                    Ok(Some(Incoming::Text(text))) => Box::pin(self.talk.hear(text)).await,
                    Ok(Some(Incoming::Binary(_))) => self.talk.hear_binary(),
                    Ok(Some(Incoming::Ping(payload))) => {
                        self.registered.connection.queue.send(Item::control(websocket::pong(payload)));
                        self.talk.hear_control()
                    }
                    Ok(Some(Incoming::Pong)) => self.talk.hear_control(),
                    Ok(Some(Incoming::Close(code))) => {
                        return Listened::Enough(Closing::GONE, Some(Ending::Echo(code)));
                    }
                    Ok(None) => break,
                    Err(broken) => return Listened::Enough(Closing::finally(code_of(broken)), None),
                };
                if let Some(code) = self.answer(heard) {
                    return Listened::Enough(Closing::finally(code), None);
                }
            }
            scratch::give(self.line.reader.spare());
            match poll_fn(|context| self.poll_turn(context)).await {
                Next::Read => self.registered.connection.is_alive(),
                Next::Room => {}
                Next::Gone => return Listened::Enough(Closing::GONE, None),
                Next::Over(closing) => return Listened::Over(closing),
                Next::Stopping => return Box::pin(self.settle()).await,
            }
        }
    }

    /// Does what follows from a frame; gives the code with which the connection is to end, if it is.
    fn answer(&self, heard: Heard) -> Option<CloseCode> {
        let connection = &self.registered.connection;
        match heard {
            Heard::Nothing => {}
            Heard::Reply(answer) => answer.into_iter().for_each(|item| connection.queue.send(item)),
            Heard::Later(answer) => answer_later(connection, answer, self.talk.app()),
            Heard::Close(answer, code) => {
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
        if connection.is_full() {
            return Poll::Pending;
        }
        if self.line.reader.has_more() {
            return Poll::Ready(Next::Room);
        }
        Poll::Ready(match ready!(self.line.poll_read(context)) {
            Ok(1..) => Next::Read,
            Ok(0) | Err(_) => Next::Gone,
        })
    }

    /// The server stops: what was taken is still carried out and answered.
    async fn settle(&mut self) -> Listened {
        let connection = &self.registered.connection;
        let settled = poll_fn(|context| match connection.queue.poll(context) {
            Poll::Ready(closing) => Poll::Ready(Some(closing)),
            Poll::Pending if connection.is_settled() => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        });
        // The rest of the time is for the farewell.
        match timeout(self.line.timing.stop / 2, settled).await {
            Ok(Some(closing)) => return Listened::Over(closing),
            Ok(None) => {}
            Err(_elapsed) => tracing::warn!("stopping without answers to all commands: the store is slow"),
        }
        Listened::Enough(Closing::finally(CloseCode::Restarting), None)
    }

    /// Ends the queue; what it still has to send is sent, not for ever.
    async fn finish(&mut self, closing: Closing, echo: Option<Ending>) -> Ending {
        let queue = &self.registered.connection.queue;
        queue.close(closing);
        let last = poll_fn(|context| queue.poll(context));
        let closing = timeout(self.line.timing.farewell, last).await.unwrap_or(closing);
        echo.unwrap_or_else(|| closing.code.into())
    }
}

/// The answer is sent when it is there, in its own time.
fn answer_later(connection: &Arc<Connection>, answer: BoxFuture<'static, Option<Item>>, app: &App) {
    let connection = Arc::clone(connection);
    connection.asked();
    app.tasks.spawn(async move {
        answer.await.into_iter().for_each(|item| connection.queue.send(item));
        connection.answered();
    });
}
