//! The WebSocket, which is opened again whenever it is lost.

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
    client::{
        clock::elapsed,
        connection_command::ConnectionCommand,
        connection_status::{ConnectionStatus, max_reconnect_delay},
        store::ClientStore,
    },
    domain::EndReason,
    protocol::{ClientFrame, CloseCode, FromJson as _, ServerFrame},
};

/// How often the connection is checked, in milliseconds.
const CHECK_INTERVAL: u32 = 5_000;

/// After how long without a frame from the server the page sends a `ping`, in milliseconds.
const PING_AFTER: u64 = 15_000;

/// After how long without a frame from the server the connection counts as lost, in milliseconds.
const LOST_AFTER: u64 = 35_000;

/// As [`LOST_AFTER`], counted from a wake-up, when there is reason to doubt the connection.
const LOST_AFTER_WAKE: u64 = 10_000;

/// How long opening a connection may take, in milliseconds.
const CONNECT_TIMEOUT: u32 = 15_000;

/// How a connection ended.
enum ConnectionEnd {
    /// The page closed it.
    Stopped,
    /// The server closed it because the session is over.
    SessionEnded(EndReason),
    /// The server closed it because it restarts.
    Restarting,
    /// The network failed, or this page was too slow.
    Lost { was_welcomed: bool },
}

/// Starts the task that keeps a connection until the session ends or the page stops it.
pub(super) fn start(store: ClientStore, commands: mpsc::Receiver<ConnectionCommand>) {
    spawn_local(async move {
        let mut commands = commands;
        let mut attempt = 0;
        loop {
            match run_connection(store, &mut commands).await {
                ConnectionEnd::Stopped => return,
                ConnectionEnd::SessionEnded(reason) => return store.session_ended(reason),
                ConnectionEnd::Restarting => {
                    store.connection_status.set(ConnectionStatus::Restarting);
                    attempt = 1;
                }
                ConnectionEnd::Lost { was_welcomed: true } => {
                    store.connection_status.set(ConnectionStatus::Lost);
                    attempt = 1;
                }
                // The server may still be restarting.
                ConnectionEnd::Lost { was_welcomed: false } => {
                    if store.connection_status.get_untracked() != ConnectionStatus::Restarting {
                        store.connection_status.set(ConnectionStatus::Lost);
                    }
                    attempt += 1;
                }
            }
            store.forget_command_in_flight();
            store.cancel_requests();
            if let ConnectionEnd::Stopped = wait_to_reconnect(attempt, &mut commands).await {
                return;
            }
        }
    });
}

/// Waits before the next attempt, or until a wake-up.
async fn wait_to_reconnect(attempt: u32, commands: &mut mpsc::Receiver<ConnectionCommand>) -> ConnectionEnd {
    let max_delay = f64::from(max_reconnect_delay(attempt));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 30,000")]
    let mut delay = TimeoutFuture::new((js_sys::Math::random() * max_delay) as u32);
    loop {
        match select(commands.next(), &mut delay).await {
            Either::Left((Some(ConnectionCommand::Send(_)), _)) => {}
            Either::Left((Some(ConnectionCommand::Wake), _)) | Either::Right(_) => {
                return ConnectionEnd::Lost { was_welcomed: false };
            }
            Either::Left((Some(ConnectionCommand::Stop) | None, _)) => return ConnectionEnd::Stopped,
        }
    }
}

/// Opens a connection and runs it until it ends.
async fn run_connection(store: ClientStore, commands: &mut mpsc::Receiver<ConnectionCommand>) -> ConnectionEnd {
    enum Input {
        Received(Result<Message, WebSocketError>),
        Command(Option<ConnectionCommand>),
        Tick,
    }

    let Ok(socket) = WebSocket::open(&socket_url()) else { return ConnectionEnd::Lost { was_welcomed: false } };
    let (mut write, read) = socket.split();
    let received = read.map(Input::Received);
    let commands = commands.map(|command| Input::Command(Some(command))).chain(stream::iter([Input::Command(None)]));
    let ticks = IntervalStream::new(CHECK_INTERVAL).map(|()| Input::Tick);
    let inputs = stream::select(stream::select(received, commands), ticks);
    pin_mut!(inputs);

    {
        // An attempt that the network swallows would never end by itself.
        let mut timeout = TimeoutFuture::new(CONNECT_TIMEOUT);
        let mut hello = write.send(text_message(&ClientFrame::Hello(store.hello())));
        loop {
            match select(&mut hello, select(inputs.next(), &mut timeout)).await {
                Either::Left((Ok(()), _)) => break,
                Either::Right((Either::Left((Some(Input::Command(command)), _)), _)) => match command {
                    Some(ConnectionCommand::Send(_) | ConnectionCommand::Wake) => {}
                    Some(ConnectionCommand::Stop) | None => return ConnectionEnd::Stopped,
                },
                Either::Right((Either::Left((Some(Input::Tick | Input::Received(Ok(_))), _)), _)) => {}
                _ => return ConnectionEnd::Lost { was_welcomed: false },
            }
        }
    }
    let mut was_welcomed = false;
    let mut last_received = elapsed();
    let mut has_pinged = false;
    while let Some(input) = inputs.next().await {
        let to_send = match input {
            Input::Received(Ok(message)) => {
                (last_received, has_pinged) = (elapsed(), false);
                if let Message::Text(text) = message {
                    match ServerFrame::from_json(&text) {
                        Some(frame) => {
                            was_welcomed |= matches!(frame, ServerFrame::Welcome(_));
                            store.apply_frame(frame);
                        }
                        // A newer server may send frames that this page does not know.
                        None => logging::warn!("received an unknown frame"),
                    }
                }
                None
            }
            Input::Received(Err(WebSocketError::ConnectionClose(close))) => {
                return end_by_close_code(close.code, was_welcomed);
            }
            Input::Received(Err(_)) => return ConnectionEnd::Lost { was_welcomed },
            // Before the welcome no command may be sent; the outbox is sent after it.
            Input::Command(Some(ConnectionCommand::Send(frame))) => was_welcomed.then_some(frame),
            Input::Command(Some(ConnectionCommand::Stop) | None) => return ConnectionEnd::Stopped,
            // After sleep, or in another network, the connection may be dead without a sign of it.
            Input::Command(Some(ConnectionCommand::Wake)) => {
                last_received = last_received.min(elapsed().saturating_sub(LOST_AFTER - LOST_AFTER_WAKE));
                has_pinged = true;
                was_welcomed.then_some(ClientFrame::Ping {})
            }
            Input::Tick => {
                let silence = elapsed() - last_received;
                if silence >= LOST_AFTER {
                    return ConnectionEnd::Lost { was_welcomed };
                }
                let must_ping = silence >= PING_AFTER && was_welcomed && !has_pinged;
                has_pinged |= must_ping;
                must_ping.then_some(ClientFrame::Ping {})
            }
        };
        if let Some(frame) = to_send
            && write.send(text_message(&frame)).await.is_err()
        {
            return ConnectionEnd::Lost { was_welcomed };
        }
    }
    ConnectionEnd::Lost { was_welcomed }
}

/// The meaning of a close code. [`CloseCode::TooSlow`] is a loss like any other: the page resumes from its cursors.
fn end_by_close_code(code: u16, was_welcomed: bool) -> ConnectionEnd {
    if let Some(reason) = EndReason::ALL.into_iter().find(|reason| CloseCode::from(*reason).number() == code) {
        return ConnectionEnd::SessionEnded(reason);
    }
    match code {
        code if code == CloseCode::Restarting.number() => ConnectionEnd::Restarting,
        _ => ConnectionEnd::Lost { was_welcomed },
    }
}

fn text_message(frame: &ClientFrame) -> Message {
    Message::Text(serde_json::to_string(frame).expect("a frame has only strings for keys, so it is JSON"))
}

/// The WebSocket URL of the server that the page came from.
fn socket_url() -> String {
    let location = window().location();
    let scheme = if location.protocol().is_ok_and(|protocol| protocol == "https:") { "wss" } else { "ws" };
    format!("{scheme}://{}/ws", location.host().unwrap_or_default())
}
