//! A server like axum's chat example: each room has a broadcast channel, each socket one task that sends what the
//! channel delivers and one that publishes what the socket receives.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Router,
    extract::{
        Path, State,
        ws::{Message, Utf8Bytes, WebSocket, WebSocketUpgrade},
    },
    response::Response,
    routing::any,
    serve::ListenerExt as _,
};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::{net::TcpListener, runtime::Runtime, select, sync::broadcast};

use crate::failure::Failure;

/// As in the example.
const CAPACITY: usize = 100;

/// The author and the text.
type RoomMessage = (u64, Utf8Bytes);

#[derive(Default)]
struct Rooms {
    /// By path.
    channels: Mutex<HashMap<String, broadcast::Sender<RoomMessage>>>,
    next_client: std::sync::atomic::AtomicU64,
}

/// The example does not set `TCP_NODELAY`.
pub(super) fn serve(nodelay: bool) -> Result<(), Failure> {
    Runtime::new()?.block_on(async {
        let router =
            Router::new().route("/{kind}/{number}", any(handle_upgrade)).with_state(Arc::new(Rooms::default()));
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        println!("listening on http://{}", listener.local_addr()?);
        if nodelay {
            let listener = listener.tap_io(|stream| stream.set_nodelay(true).unwrap_or_default());
            axum::serve(listener, router).await?;
        } else {
            axum::serve(listener, router).await?;
        }
        Ok(())
    })
}

async fn handle_upgrade(
    upgrade: WebSocketUpgrade,
    Path((kind, number)): Path<(String, String)>,
    State(rooms): State<Arc<Rooms>>,
) -> Response {
    upgrade
        .on_upgrade(async move |socket| serve_socket(socket, kind == "pair", format!("{kind}/{number}"), &rooms).await)
}

async fn serve_socket(socket: WebSocket, is_pair: bool, room: String, rooms: &Rooms) {
    let client = rooms.next_client.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let channel = {
        let mut channels = rooms.channels.lock().unwrap_or_else(PoisonError::into_inner);
        channels.entry(room).or_insert_with(|| broadcast::channel(CAPACITY).0).clone()
    };
    let mut messages = channel.subscribe();
    let (mut sender, mut receiver) = socket.split();
    let mut sending = tokio::spawn(async move {
        while let Ok((author, text)) = messages.recv().await {
            if is_pair && author == client {
                continue;
            }
            if sender.send(Message::Text(text)).await.is_err() {
                break;
            }
        }
    });
    let mut receiving = tokio::spawn(async move {
        while let Some(Ok(Message::Text(text))) = receiver.next().await {
            // Fails if nobody subscribes, which is fine.
            let _ = channel.send((client, text));
        }
    });
    select! {
        _ = &mut sending => receiving.abort(),
        _ = &mut receiving => sending.abort(),
    }
}
