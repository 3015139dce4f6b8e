//! One WebSocket at a time, made again whenever it is lost.

use futures_channel::mpsc;
use futures_util::{
    SinkExt as _, StreamExt as _,
    future::{Either, select},
    pin_mut, stream,
};
use gloo_net::websocket::{Message, WebSocketError, futures::WebSocket};
use gloo_timers::future::{IntervalStream, TimeoutFuture};
use leptos::{logging, prelude::*, task::spawn_local};

use crate::{
    client::{ConnectionStatus, Store, clock::elapsed, connection_status::longest_wait},
    domain::EndReason,
    protocol::{ClientFrame, CloseCode, FromJson as _, ServerFrame},
};

/// How often a connection is looked after, in milliseconds.
const TICK: u32 = 5_000;

/// How long the server may say nothing, in milliseconds, before it is asked, and before the connection counts as dead.
const QUIET: u64 = 15_000;
const DEAD: u64 = 35_000;
/// The same where there is reason to doubt it.
const WAKE_PATIENCE: u64 = 10_000;

/// How long a connection may take to be made, in milliseconds.
const CONNECT_PATIENCE: u32 = 15_000;

/// How many frames may wait for the socket, which takes them at once while it is open.
pub(crate) const QUEUE: usize = 256;

/// What the rest of the page tells the connection.
pub(crate) enum Signal {
    /// Send this, if there is a connection. Commands also stand in the outbox, which is sent again.
    Frame(ClientFrame),
    /// The network or the reader is back: don't wait any longer.
    Wake,
    /// The user leaves.
    Stop,
}

/// How a connection ended.
enum ConnectionEnd {
    /// By the user.
    Stopped,
    /// By the server: the session is over.
    SessionEnded(EndReason),
    /// By the server: it starts anew.
    Restarting,
    /// By the network, or because this page did not keep up.
    Lost { was_welcome: bool },
}

/// Keeps a connection until the session ends or the user leaves.
pub(crate) fn keep(store: Store, signals: mpsc::Receiver<Signal>) {
    spawn_local(async move {
        let mut signals = signals;
        let mut attempt = 0;
        loop {
            match talk(store, &mut signals).await {
                ConnectionEnd::Stopped => return,
                ConnectionEnd::SessionEnded(reason) => return store.session_ended(reason),
                ConnectionEnd::Restarting => {
                    store.link.set(ConnectionStatus::Restarting);
                    attempt = 1;
                }
                ConnectionEnd::Lost { was_welcome: true } => {
                    store.link.set(ConnectionStatus::Lost);
                    attempt = 1;
                }
                // It may still be starting anew.
                ConnectionEnd::Lost { was_welcome: false } => {
                    if store.link.get_untracked() != ConnectionStatus::Restarting {
                        store.link.set(ConnectionStatus::Lost);
                    }
                    attempt += 1;
                }
            }
            store.lost();
            store.forget_questions();
            if let ConnectionEnd::Stopped = wait(attempt, &mut signals).await {
                return;
            }
        }
    });
}

/// Waits before the next try, or until it is worth trying.
async fn wait(attempt: u32, signals: &mut mpsc::Receiver<Signal>) -> ConnectionEnd {
    let longest = f64::from(longest_wait(attempt));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 30,000")]
    let mut waited = TimeoutFuture::new((js_sys::Math::random() * longest) as u32);
    loop {
        match select(signals.next(), &mut waited).await {
            Either::Left((Some(Signal::Frame(_)), _)) => {}
            Either::Left((Some(Signal::Wake), _)) | Either::Right(_) => {
                return ConnectionEnd::Lost { was_welcome: false };
            }
            Either::Left((Some(Signal::Stop) | None, _)) => return ConnectionEnd::Stopped,
        }
    }
}

/// One connection, from its opening to its end.
async fn talk(store: Store, signals: &mut mpsc::Receiver<Signal>) -> ConnectionEnd {
    enum Happened {
        Heard(Result<Message, WebSocketError>),
        Told(Option<Signal>),
        Tick,
    }

    let Ok(socket) = WebSocket::open(&address()) else { return ConnectionEnd::Lost { was_welcome: false } };
    let (mut write, read) = socket.split();
    let heard = read.map(Happened::Heard);
    let told = signals.map(|signal| Happened::Told(Some(signal))).chain(stream::iter([Happened::Told(None)]));
    let ticks = IntervalStream::new(TICK).map(|()| Happened::Tick);
    let happenings = stream::select(stream::select(heard, told), ticks);
    pin_mut!(happenings);

    {
        // A try that the network swallows has no end of its own.
        let mut patience = TimeoutFuture::new(CONNECT_PATIENCE);
        let mut greeting = write.send(text(&ClientFrame::Hello(store.hello())));
        loop {
            match select(&mut greeting, select(happenings.next(), &mut patience)).await {
                Either::Left((Ok(()), _)) => break,
                Either::Right((Either::Left((Some(Happened::Told(told)), _)), _)) => match told {
                    Some(Signal::Frame(_) | Signal::Wake) => {}
                    Some(Signal::Stop) | None => return ConnectionEnd::Stopped,
                },
                Either::Right((Either::Left((Some(Happened::Tick | Happened::Heard(Ok(_))), _)), _)) => {}
                _ => return ConnectionEnd::Lost { was_welcome: false },
            }
        }
    }
    let mut was_welcome = false;
    let mut last_heard = elapsed();
    let mut asked = false;
    while let Some(happened) = happenings.next().await {
        let to_send = match happened {
            Happened::Heard(Ok(message)) => {
                (last_heard, asked) = (elapsed(), false);
                if let Message::Text(text) = message {
                    match ServerFrame::from_json(&text) {
                        Some(frame) => {
                            was_welcome |= matches!(frame, ServerFrame::Welcome(_));
                            store.apply(frame);
                        }
                        // A newer server may say what this page does not know yet.
                        None => logging::warn!("a frame was not understood"),
                    }
                }
                None
            }
            Happened::Heard(Err(WebSocketError::ConnectionClose(close))) => return ending(close.code, was_welcome),
            Happened::Heard(Err(_)) => return ConnectionEnd::Lost { was_welcome },
            // Before the welcome a command has no place; it stands in the outbox, which the welcome sends.
            Happened::Told(Some(Signal::Frame(frame))) => was_welcome.then_some(frame),
            Happened::Told(Some(Signal::Stop) | None) => return ConnectionEnd::Stopped,
            // After a sleep, or in another network, the connection may be gone without anybody having noticed.
            Happened::Told(Some(Signal::Wake)) => {
                last_heard = last_heard.min(elapsed().saturating_sub(DEAD - WAKE_PATIENCE));
                asked = true;
                was_welcome.then_some(ClientFrame::Ping {})
            }
            Happened::Tick => {
                let quiet = elapsed() - last_heard;
                if quiet >= DEAD {
                    return ConnectionEnd::Lost { was_welcome };
                }
                let ask = quiet >= QUIET && was_welcome && !asked;
                asked |= ask;
                ask.then_some(ClientFrame::Ping {})
            }
        };
        if let Some(frame) = to_send
            && write.send(text(&frame)).await.is_err()
        {
            return ConnectionEnd::Lost { was_welcome };
        }
    }
    ConnectionEnd::Lost { was_welcome }
}

/// What a close code tells. With [`CloseCode::TooSlow`] the cursors bring everything back, as after any other loss.
fn ending(code: u16, was_welcome: bool) -> ConnectionEnd {
    if let Some(reason) = EndReason::ALL.into_iter().find(|reason| CloseCode::from(*reason).number() == code) {
        return ConnectionEnd::SessionEnded(reason);
    }
    match code {
        code if code == CloseCode::Restarting.number() => ConnectionEnd::Restarting,
        _ => ConnectionEnd::Lost { was_welcome },
    }
}

fn text(frame: &ClientFrame) -> Message {
    Message::Text(serde_json::to_string(frame).expect("a frame has only strings for keys, so it is JSON"))
}

/// The server that this page came from.
fn address() -> String {
    let location = window().location();
    let scheme = if location.protocol().is_ok_and(|protocol| protocol == "https:") { "wss" } else { "ws" };
    format!("{scheme}://{}/ws", location.host().unwrap_or_default())
}
