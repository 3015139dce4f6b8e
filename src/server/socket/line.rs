//! One WebSocket: hearing, speaking, and parting well.
//!
//! Hearing and speaking go on at the same time in one task: a client that sends much before it reads is still heard.
//! Mostly the hub speaks, by itself, straight to the socket; the task does it where the socket makes it wait.

#[cfg(feature = "echo")]
mod echo;

use std::{
    future::{Future, poll_fn},
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use axum::body::Bytes;
use futures_util::future::BoxFuture;
use serde::Serialize;
use tokio::{io::AsyncWriteExt as _, time::timeout};
use tokio_util::io::poll_read_buf;

use crate::protocol::{CloseCode, ErrorCode, ErrorFrame, MAX_FRAME_BYTES, ServerFrame};

use super::{
    super::{
        App,
        config::Timing,
        doors::Entry,
        hub::{Closing, Connection, Item, Seen},
        linger::linger,
        websocket::{self, Broken, Incoming, Reader, Sink, Source, Stream},
    },
    scratch,
};

/// How frames that come in are answered.
pub(super) trait Talk: Send {
    /// Takes one text frame.
    fn hear(&mut self, text: &str) -> impl Future<Output = Heard> + Send;

    /// Takes a binary frame, which no protocol here has.
    fn hear_binary(&mut self) -> Heard;

    /// Takes a ping or pong, which needs no answer from here but may come too often.
    fn hear_control(&mut self) -> Heard;
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

/// Last words to a peer.
#[derive(Debug)]
pub(super) struct Farewell {
    frame: Option<Item>,
    ending: Ending,
}

/// How the closing handshake goes.
#[derive(Clone, Copy, Debug)]
enum Ending {
    Code(CloseCode),
    /// The peer has begun it, with this code.
    Echo(Option<u16>),
    /// There is nobody to say anything to.
    Gone,
}

impl From<Option<CloseCode>> for Ending {
    fn from(code: Option<CloseCode>) -> Self {
        code.map_or(Self::Gone, Self::Code)
    }
}

impl Farewell {
    pub(super) fn new(frame: &impl Serialize, code: CloseCode) -> Self {
        Self { frame: Item::encode(frame), ending: Ending::Code(code) }
    }

    pub(super) fn error(error: ErrorFrame, code: CloseCode) -> Self {
        Self::new(&ServerFrame::Error(error), code)
    }

    pub(super) fn too_many(message: String) -> Self {
        let code = ErrorCode::RateLimited;
        let error = ErrorFrame { id: None, code, message, suggestion: None, retry_after_ms: None };
        Self::error(error, CloseCode::TooMany)
    }

    /// No words, only the code.
    pub(super) fn wordless(code: Option<CloseCode>) -> Self {
        Self { frame: None, ending: code.into() }
    }
}

/// One WebSocket.
pub(super) struct Line {
    source: Source,
    /// `None` while it is the queue's.
    sink: Option<Sink>,
    /// What was begun to be written, and must be finished before anything else is.
    rest: Option<Bytes>,
    reader: Reader,
    timing: Arc<Timing>,
    /// Counts the connection as open.
    _entry: Option<Arc<Entry>>,
}

impl Line {
    /// `ahead` is what was read of it already.
    pub(super) fn new(stream: Stream, ahead: Vec<u8>, timing: Arc<Timing>) -> Self {
        let (source, sink, entry) = stream.split();
        let mut reader = Reader::new(MAX_FRAME_BYTES);
        reader.put(ahead);
        Self { source, sink: Some(sink), rest: None, reader, timing, _entry: entry }
    }

    /// The first text, or how it ends before that. Pings are answered.
    pub(super) async fn first_text(&mut self) -> Result<Option<String>, Farewell> {
        loop {
            let pong = match self.reader.next_incoming() {
                Ok(Some(Incoming::Text(text))) => return Ok(Some(text.to_owned())),
                Ok(Some(Incoming::Binary(_))) => return Ok(None),
                Ok(Some(Incoming::Ping(payload))) => Some(websocket::pong(payload)),
                Ok(Some(Incoming::Pong)) => None,
                Ok(Some(Incoming::Close(code))) => return Err(Farewell { frame: None, ending: Ending::Echo(code) }),
                Ok(None) => {
                    self.read().await?;
                    None
                }
                Err(broken) => return Err(Farewell::wordless(Some(code_of(broken)))),
            };
            if let Some(pong) = pong {
                self.send(Item::control(pong)).await?;
            }
        }
    }

    /// Sends one frame now. Before [`Line::converse`] only.
    pub(super) async fn send(&mut self, item: Item) -> Result<(), Farewell> {
        let Some(sink) = &mut self.sink else { return Err(Farewell::wordless(None)) };
        // If this is given up half-way, what is left of the frame comes before the last words.
        let rest = self.rest.insert(item.frame);
        let sending = async {
            sink.write_all_buf(rest).await?;
            sink.flush().await
        };
        match timeout(self.timing.silence, sending).await {
            Ok(Ok(())) => {
                self.rest = None;
                Ok(())
            }
            Ok(Err(_gone)) => Err(Farewell::wordless(None)),
            Err(_elapsed) => Err(Farewell::wordless(Some(CloseCode::TooSlow))),
        }
    }

    /// Hears and speaks until it ends; returns what is to be said as farewell.
    pub(super) async fn converse(
        &mut self,
        talk: &mut impl Talk,
        connection: &Arc<Connection>,
        seen: Seen,
        app: &App,
    ) -> Farewell {
        let queue = &connection.queue;
        if let Some(sink) = self.sink.take() {
            queue.open(sink, seen);
        }
        let ending = match self.listen(talk, connection, app).await {
            Listened::Over(closing) => closing.code.into(),
            Listened::Enough(closing, echo) => {
                queue.close(closing);
                let last = poll_fn(|context| queue.poll(context));
                let closing = Box::pin(timeout(self.timing.farewell, last)).await.unwrap_or(closing);
                echo.unwrap_or_else(|| closing.code.into())
            }
        };
        (self.sink, self.rest) = queue.take_sink();
        Farewell { frame: None, ending }
    }

    async fn listen(&mut self, talk: &mut impl Talk, connection: &Arc<Connection>, app: &App) -> Listened {
        let queue = &connection.queue;
        loop {
            // What has been read already, before more is.
            while !connection.is_full() {
                let heard = match self.reader.next_incoming() {
                    // What this needs takes room only while it lasts.
                    Ok(Some(Incoming::Text(text))) => Box::pin(talk.hear(text)).await,
                    Ok(Some(Incoming::Binary(_))) => talk.hear_binary(),
                    Ok(Some(Incoming::Ping(payload))) => {
                        queue.send(Item::control(websocket::pong(payload)));
                        talk.hear_control()
                    }
                    Ok(Some(Incoming::Pong)) => talk.hear_control(),
                    Ok(Some(Incoming::Close(code))) => {
                        return Listened::Enough(Closing::GONE, Some(Ending::Echo(code)));
                    }
                    Ok(None) => break,
                    Err(broken) => return Listened::Enough(Closing::finally(code_of(broken)), None),
                };
                match heard {
                    Heard::Nothing => {}
                    Heard::Reply(answer) => answer.into_iter().for_each(|item| queue.send(item)),
                    Heard::Later(answer) => answer_later(connection, answer, app),
                    Heard::Close(answer, code) => {
                        answer.into_iter().for_each(|item| queue.send(item));
                        return Listened::Enough(Closing::finally(code), None);
                    }
                }
            }
            scratch::give(self.reader.spare());
            match poll_fn(|context| self.poll_turn(context, connection, app)).await {
                Next::Read => connection.is_alive(),
                Next::Room => {}
                Next::Gone => return Listened::Enough(Closing::GONE, None),
                Next::Over(closing) => return Listened::Over(closing),
                Next::Stopping => return Box::pin(self.settle(connection)).await,
            }
        }
    }

    /// What happens next on this line. What waits to be sent is sent meanwhile.
    fn poll_turn(&mut self, context: &mut Context<'_>, connection: &Connection, app: &App) -> Poll<Next> {
        if let Poll::Ready(closing) = connection.queue.poll(context) {
            return Poll::Ready(Next::Over(closing));
        }
        if app.stopping.is_cancelled() {
            return Poll::Ready(Next::Stopping);
        }
        if connection.is_full() {
            return Poll::Pending;
        }
        if self.reader.has_more() {
            return Poll::Ready(Next::Room);
        }
        Poll::Ready(match ready!(self.poll_read(context)) {
            Ok(1..) => Next::Read,
            Ok(0) | Err(_) => Next::Gone,
        })
    }

    /// The server stops: what was taken is still carried out and answered.
    async fn settle(&mut self, connection: &Connection) -> Listened {
        let settled = poll_fn(|context| match connection.queue.poll(context) {
            Poll::Ready(closing) => Poll::Ready(Some(closing)),
            Poll::Pending if connection.is_settled() => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        });
        // The rest of the time is for the farewell.
        match timeout(self.timing.stop / 2, settled).await {
            Ok(Some(closing)) => return Listened::Over(closing),
            Ok(None) => {}
            Err(_elapsed) => tracing::warn!("stopping without answers to all commands: the store is slow"),
        }
        Listened::Enough(Closing::finally(CloseCode::Restarting), None)
    }

    async fn read(&mut self) -> Result<(), Farewell> {
        match poll_fn(|context| self.poll_read(context)).await {
            Ok(1..) => Ok(()),
            Ok(0) | Err(_) => Err(Farewell::wordless(None)),
        }
    }

    /// Reads into a buffer that is borrowed for as long as there is something in it.
    fn poll_read(&mut self, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let wanted = self.reader.wanted();
        if let Some(mut buffer) = self.reader.take() {
            buffer.reserve(wanted);
            let read = poll_read_buf(Pin::new(&mut self.source), context, &mut buffer);
            self.reader.put(buffer);
            return read;
        }
        let mut buffer = scratch::borrow();
        let read = poll_read_buf(Pin::new(&mut self.source), context, &mut buffer);
        if buffer.is_empty() {
            scratch::give(Some(buffer));
        } else {
            self.reader.lend(buffer);
        }
        read
    }

    /// Says the last words, if the peer listens.
    pub(super) async fn bid(&mut self, farewell: Farewell) {
        let Farewell { frame, ending } = farewell;
        let (rest, sink) = (self.rest.take(), self.sink.as_mut());
        let close = match ending {
            Ending::Code(code) => websocket::close(Some(code.number()), reason(code)),
            Ending::Echo(code) => websocket::close(code, ""),
            Ending::Gone => return,
        };
        let Some(sink) = sink else { return };
        let words = async {
            for bytes in [rest, frame.map(|item| item.frame), Some(close)].into_iter().flatten() {
                sink.write_all(&bytes).await?;
            }
            sink.flush().await
        };
        if !matches!(timeout(self.timing.farewell, words).await, Ok(Ok(()))) {
            tracing::debug!("a peer did not take its last frames");
        }
    }

    /// Says that nothing more comes, and waits for the peer to do its half (RFC 6455 §7.1.1), not for ever.
    pub(super) async fn part(mut self) {
        if let Some(sink) = &mut self.sink {
            linger(&mut self.source, sink).await;
        }
    }
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

/// The answer is sent when it is there, in its own time.
fn answer_later(connection: &Arc<Connection>, answer: BoxFuture<'static, Option<Item>>, app: &App) {
    let connection = Arc::clone(connection);
    connection.asked();
    app.tasks.spawn(async move {
        answer.await.into_iter().for_each(|item| connection.queue.send(item));
        connection.answered();
    });
}

const fn code_of(broken: Broken) -> CloseCode {
    match broken {
        Broken::Framing => CloseCode::BadWebSocket,
        Broken::NotUtf8 => CloseCode::NotUtf8,
        Broken::TooBig => CloseCode::TooBig,
    }
}

/// For people who look at the wire.
const fn reason(code: CloseCode) -> &'static str {
    match code {
        CloseCode::BadWebSocket => "not WebSocket",
        CloseCode::NotUtf8 => "not UTF-8",
        CloseCode::TooBig => "frame too big",
        CloseCode::Restarting => "restarting",
        CloseCode::TooSlow => "too slow, come back and resync",
        CloseCode::ProtocolError => "protocol error",
        CloseCode::SessionEnded => "session ended",
        CloseCode::Removed => "removed by a moderator",
        CloseCode::NoHello => "no hello",
        CloseCode::NicknameTaken => "nickname taken",
        CloseCode::TooMany => "too many requests",
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::{
        io::AsyncReadExt as _,
        net::{TcpListener, TcpStream},
    };

    use super::*;
    use crate::server::{doors::Doors, peer::Peer};

    #[tokio::test]
    async fn a_frame_that_was_given_up_half_way_is_finished_before_the_last_words() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let mut client = TcpStream::connect(listener.local_addr().expect("an address")).await.expect("a connection");
        let (stream, address) = listener.accept().await.expect("a connection");
        let entry = Arc::new(Doors::new(1, None).enter(Peer::from(address.ip())).expect("room"));
        let timing =
            Timing { silence: Duration::from_millis(50), farewell: Duration::from_secs(20), ..Timing::default() };
        let mut line = Line::new(Stream::Tcp(stream, entry), Vec::new(), Arc::new(timing));

        // More than the kernel takes while nobody reads.
        let long = Item::encode(&"x".repeat(32 * 1024 * 1024)).expect("a frame");
        let farewell = line.send(long.clone()).await.expect_err("nobody reads");
        let reading = tokio::spawn(async move {
            let mut all = Vec::new();
            client.read_to_end(&mut all).await.expect("an end");
            all
        });
        line.bid(farewell).await;
        drop(line);
        let all = reading.await.expect("an end");
        let close = websocket::close(Some(CloseCode::TooSlow.number()), reason(CloseCode::TooSlow));
        assert!(all.starts_with(&long.frame), "the whole frame");
        assert!(all[long.frame.len()..] == *close, "and then the close");
    }
}
