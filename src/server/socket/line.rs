//! One WebSocket: hearing, speaking, and parting well.
//!
//! Hearing and speaking go on at the same time in one task: a client that sends much before it reads is still heard.

#[cfg(feature = "echo")]
mod echo;

use std::{collections::VecDeque, pin::pin};

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket};
use futures_util::{
    SinkExt as _, StreamExt as _,
    future::BoxFuture,
    stream::{FuturesUnordered, SplitSink, SplitStream},
};
use serde::Serialize;
use tokio::{
    select,
    time::{Instant, MissedTickBehavior, interval_at, sleep_until, timeout},
};
use tokio_util::sync::CancellationToken;

use crate::protocol::{CloseCode, ErrorCode, ErrorFrame, ServerFrame};

use super::{
    super::{
        config::Timing,
        hub::{Closing, Connection, Item, SendQueue},
    },
    resume::Seen,
};

/// How many commands of one connection may wait for the store; with more, nothing further is read from it.
const MOST_PENDING: usize = 64;

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
    /// The frame that says why, as text.
    frame: Option<Item>,
    /// `None` if the peer has gone already.
    code: Option<CloseCode>,
}

impl Farewell {
    pub(super) fn new(frame: &impl Serialize, code: CloseCode) -> Self {
        Self { frame: Item::encode(frame), code: Some(code) }
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
    pub(super) const fn wordless(code: Option<CloseCode>) -> Self {
        Self { frame: None, code }
    }
}

/// A frame that came in.
pub(super) enum Incoming {
    Text(Utf8Bytes),
    Binary,
    /// Only a sign of life.
    Control,
}

/// One WebSocket.
pub(super) struct Line {
    sink: SplitSink<WebSocket, Message>,
    stream: SplitStream<WebSocket>,
    timing: Timing,
}

impl Line {
    pub(super) fn new(socket: WebSocket, timing: Timing) -> Self {
        let (sink, stream) = socket.split();
        Self { sink, stream, timing }
    }

    /// The next frame, or how it ends.
    pub(super) async fn receive(&mut self) -> Result<Incoming, Closing> {
        receive(&mut self.stream).await
    }

    /// Sends one frame now. Before [`Line::converse`] only.
    pub(super) async fn send(&mut self, item: Item) -> Result<(), Farewell> {
        match timeout(self.timing.silence, self.sink.send(Message::Text(item.frame))).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_gone)) => Err(Farewell::wordless(None)),
            Err(_elapsed) => Err(Farewell::wordless(Some(CloseCode::TooSlow))),
        }
    }

    /// Hears and speaks until it ends; returns what is to be said as farewell.
    pub(super) async fn converse(
        &mut self,
        talk: &mut impl Talk,
        connection: &Connection,
        seen: Seen,
        stopping: &CancellationToken,
    ) -> Farewell {
        let queue = &connection.queue;
        let mut speaking = pin!(speak(&mut self.sink, queue, seen, &self.timing));
        let listening = listen(&mut self.stream, talk, queue, stopping, &self.timing);
        let code = select! {
            code = &mut speaking => code,
            closing = listening => {
                queue.close(closing);
                timeout(self.timing.farewell, speaking).await.unwrap_or(closing.code)
            }
        };
        Farewell::wordless(code)
    }

    /// Says the last words, if the peer listens.
    pub(super) async fn bid(&mut self, farewell: Farewell) {
        let Farewell { frame, code } = farewell;
        let words = async {
            if let Some(item) = frame {
                self.sink.feed(Message::Text(item.frame)).await?;
            }
            close(&mut self.sink, code).await
        };
        if timeout(self.timing.farewell, words).await.is_err() {
            tracing::debug!("a peer did not take its last frames");
        }
    }

    /// Waits for the peer's half of the closing handshake (RFC 6455 §7.1.1), not for ever.
    pub(super) async fn part(mut self) {
        let answer = async { while let Some(Ok(_)) = self.stream.next().await {} };
        if timeout(self.timing.farewell, answer).await.is_err() {
            tracing::debug!("a peer did not answer the close");
        }
    }
}

async fn receive(stream: &mut SplitStream<WebSocket>) -> Result<Incoming, Closing> {
    match stream.next().await {
        Some(Ok(Message::Text(text))) => Ok(Incoming::Text(text)),
        Some(Ok(Message::Binary(_))) => Ok(Incoming::Binary),
        Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(Incoming::Control),
        Some(Ok(Message::Close(_))) | None => Err(Closing::GONE),
        Some(Err(error)) => Err(why(error)),
    }
}

/// How a connection ends on which something can't be read.
fn why(error: axum::Error) -> Closing {
    use tungstenite::Error;

    match error.into_inner().downcast_ref::<Error>() {
        Some(Error::Capacity(_)) => Closing::finally(CloseCode::TooBig),
        Some(Error::Utf8(_)) => Closing::finally(CloseCode::NotUtf8),
        Some(Error::Io(_) | Error::ConnectionClosed | Error::AlreadyClosed) => Closing::GONE,
        _ => Closing::finally(CloseCode::BadWebSocket),
    }
}

async fn listen(
    stream: &mut SplitStream<WebSocket>,
    talk: &mut impl Talk,
    queue: &SendQueue,
    stopping: &CancellationToken,
    timing: &Timing,
) -> Closing {
    let mut pending: FuturesUnordered<BoxFuture<'static, Option<Item>>> = FuturesUnordered::new();
    let mut last_heard = Instant::now();
    loop {
        let may_read = pending.len() < MOST_PENDING;
        select! {
            biased;
            () = stopping.cancelled() => break,
            Some(answer) = pending.next(), if !pending.is_empty() => {
                queue.extend(answer);
            }
            incoming = receive(stream), if may_read => {
                last_heard = Instant::now();
                let heard = match incoming {
                    Ok(Incoming::Text(text)) => talk.hear(&text).await,
                    Ok(Incoming::Binary) => talk.hear_binary(),
                    Ok(Incoming::Control) => talk.hear_control(),
                    Err(closing) => return closing,
                };
                match heard {
                    Heard::Nothing => {}
                    Heard::Reply(answer) => queue.extend(answer),
                    Heard::Later(answer) => pending.push(answer),
                    Heard::Close(answer, code) => {
                        queue.extend(answer);
                        return Closing::finally(code);
                    }
                }
            }
            () = sleep_until(last_heard + timing.silence), if may_read => return Closing::GONE,
        }
    }
    // The server stops: what was taken is still carried out and answered.
    let answers = async {
        while let Some(answer) = pending.next().await {
            queue.extend(answer);
        }
    };
    if timeout(timing.stop, answers).await.is_err() {
        tracing::warn!("stopping without answers to all commands: the store is slow");
    }
    Closing::finally(CloseCode::Restarting)
}

/// Sends what is queued, all that is due in one write, until the connection closes; returns the code to close it with.
async fn speak(
    sink: &mut SplitSink<WebSocket, Message>,
    queue: &SendQueue,
    mut seen: Seen,
    timing: &Timing,
) -> Option<CloseCode> {
    let sending = async {
        let mut due = VecDeque::new();
        let mut ping = interval_at(Instant::now() + timing.ping, timing.ping);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let closing = select! {
                closing = queue.take(&mut due) => closing,
                _ = ping.tick() => {
                    sink.feed(Message::Ping(axum::body::Bytes::new())).await?;
                    None
                }
            };
            for item in due.drain(..).filter(|item| seen.is_news(item)) {
                sink.feed(Message::Text(item.frame)).await?;
            }
            sink.flush().await?;
            if let Some(closing) = closing {
                return Ok::<_, axum::Error>(closing);
            }
        }
    };
    select! {
        biased;
        closing = queue.aborted() => closing.code,
        sent = sending => sent.ok().and_then(|closing| closing.code),
    }
}

/// Starts the closing handshake, or finishes the one that the peer started.
async fn close(sink: &mut SplitSink<WebSocket, Message>, code: Option<CloseCode>) -> Result<(), axum::Error> {
    match code {
        Some(code) => {
            let frame = CloseFrame { code: code.number(), reason: Utf8Bytes::from_static(reason(code)) };
            sink.send(Message::Close(Some(frame))).await
        }
        None => sink.close().await,
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
