//! The attacks, from hundreds of addresses, some of them from a single one.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use clap::ValueEnum;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::json;
use teahouse::{
    domain::{CommandId, ConversationId, Seq},
    protocol::{ClientFrame, FromJson as _, Hello, ServerFrame, VERSION},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_tungstenite::{WebSocketStream, tungstenite::Message};

use super::{
    attack_kind::AttackKind,
    connection::{SourceAddress, encode_frame, guest_hello, send_hello, upgrade},
    cost::{Cost, Ledger},
};

/// How many source addresses the attackers share.
const ADDRESSES: usize = 300;

/// The pause after the server refused an attempt.
const RETRY_DELAY: Duration = Duration::from_millis(50);

/// The pause between two bytes of a slow request head.
const BYTE_INTERVAL: Duration = Duration::from_millis(500);

/// A family of four is one character of 25 bytes. This message is allowed, and nearly the largest frame.
const FAMILY_EMOJI: &str = "👨‍👩‍👧‍👦";
const FAMILY_COUNT: usize = 2_500;

/// This many marks on this many characters are nearly the most that a message may have.
const MARKS_PER_CHARACTER: usize = 10;
const MARKED_CHARACTERS: usize = 1_800;

/// The size of a form that the server rejects unread.
const FORM_BYTES: usize = 255_000;

/// How many source addresses the idle connections use.
const IDLE_ADDRESSES: usize = 15;

/// How many events a resuming client claims to have missed: slightly fewer than the server replays.
const EVENTS_BACK: u64 = 900;

/// Runs until the process is killed.
pub(crate) async fn run(server: SocketAddr, only: &[AttackKind]) {
    let mut attackers = JoinSet::new();
    let ledger = Arc::new(Ledger::default());
    for kind in AttackKind::value_variants().iter().copied().filter(|kind| only.is_empty() || only.contains(kind)) {
        for number in 0..kind.attackers() {
            let cost = ledger.cost_of(kind);
            attackers.spawn(async move {
                loop {
                    if attack_once(server, kind, number, &cost).await.is_none() {
                        cost.count_refusal();
                        sleep(RETRY_DELAY).await;
                    }
                }
            });
        }
    }
    attackers.spawn(async move { ledger.print_repeatedly().await });
    while attackers.join_next().await.is_some() {}
}

/// Attacks once, until the server ends it. Returns `None` if the server refused before the attack began.
async fn attack_once(server: SocketAddr, kind: AttackKind, number: usize, cost: &Cost) -> Option<()> {
    let address = SourceAddress::new(20, number % ADDRESSES);
    match kind {
        AttackKind::Silent => {
            let mut socket = upgrade(address.connect(server).await.ok()?, server).await?;
            let _connected = cost.connected();
            while let Some(Ok(_)) = socket.next().await {}
            Some(())
        }
        AttackKind::Crowd => {
            let stream = SourceAddress::new(21, 0).connect(server).await.ok()?;
            let _connected = cost.connected();
            wait_for_close(stream).await
        }
        AttackKind::Slow => {
            let stream = address.connect(server).await.ok()?;
            let _connected = cost.connected();
            send_slowly(stream).await
        }
        AttackKind::Deaf => {
            let stream = address.connect_with_receive_buffer(server, Some(4_096)).await.ok()?;
            let _socket = send_hello(stream, server, guest_hello(random_nickname())).await?;
            let _connected = cost.connected();
            // The client cannot tell when the server has dropped it. It takes the server about this long.
            sleep(Duration::from_secs(5)).await;
            Some(())
        }
        AttackKind::Commands => flood_messages(server, address, cost, || "spam ".repeat(10)).await,
        AttackKind::Big => flood_messages(server, address, cost, || FAMILY_EMOJI.repeat(FAMILY_COUNT)).await,
        AttackKind::Noise => {
            let (socket, _) = sign_in(server, address).await?;
            send_frames(socket, cost, || Message::text("{\"type\":\"dance\"}")).await
        }
        AttackKind::TooBig => {
            let (socket, _) = sign_in(server, address).await?;
            send_frames(socket, cost, || Message::text("x".repeat(80_000))).await
        }
        AttackKind::Marks => {
            flood_messages(server, address, cost, || {
                format!("e{}", "\u{301}".repeat(MARKS_PER_CHARACTER)).repeat(MARKED_CHARACTERS)
            })
            .await
        }
        AttackKind::Directs => open_direct(server, address, number, cost).await,
        AttackKind::Forms => post_forms(server, address, cost).await,
        AttackKind::Returns => resume_repeatedly(server, address, cost).await,
        AttackKind::Idle => {
            // Each address is in a network of its own.
            let stream = SourceAddress::new(23, number % IDLE_ADDRESSES * 256).connect(server).await.ok()?;
            let _connected = cost.connected();
            wait_for_close(stream).await
        }
        AttackKind::Joins => {
            static NEXT: AtomicUsize = AtomicUsize::new(0);
            let address = SourceAddress::new(22, NEXT.fetch_add(1, Ordering::Relaxed) % ADDRESSES);
            let _socket = sign_in(server, address).await?;
            let _connected = cost.connected();
            Some(())
        }
    }
}

/// Opens a direct and sends one message to it.
async fn open_direct(server: SocketAddr, address: SourceAddress, number: usize, cost: &Cost) -> Option<()> {
    let (mut socket, _) = sign_in(server, address).await?;
    let _connected = cost.connected();
    let id = CommandId::random();
    let nickname = format!("user {}", number % 50);
    socket
        .send(Message::text(json!({ "type": "open_direct", "id": id, "nickname": nickname }).to_string()))
        .await
        .ok()?;
    loop {
        match ServerFrame::from_json(socket.next().await?.ok()?.to_text().ok()?) {
            Some(ServerFrame::Ack { id: acked, conversation, .. }) if acked == id => {
                let body = "psst".to_owned();
                socket
                    .send(encode_frame(&ClientFrame::Send {
                        id: CommandId::random(),
                        conversation,
                        body,
                        reply_to: None,
                    }))
                    .await
                    .ok()?;
                cost.count_frame();
                socket.close(None).await.ok()?;
                return Some(());
            }
            Some(ServerFrame::Error(_)) => return None,
            _ => {}
        }
    }
}

/// Posts forms until the server closes the connection.
async fn post_forms(server: SocketAddr, address: SourceAddress, cost: &Cost) -> Option<()> {
    let mut stream = address.connect(server).await.ok()?;
    let _connected = cost.connected();
    let head = format!("POST /talk/lobby HTTP/1.1\r\nHost: localhost\r\nContent-Length: {FORM_BYTES}\r\n\r\nbody=");
    let body = vec![b'x'; FORM_BYTES - "body=".len()];
    let mut answer = vec![0; 64 * 1024];
    loop {
        stream.write_all(head.as_bytes()).await.ok()?;
        // The server may refuse the form before all of it is sent.
        let sent = stream.write_all(&body).await;
        cost.count_frame();
        let read = stream.read(&mut answer).await.ok().filter(|bytes| *bytes > 0)?;
        if sent.is_err() || !answer[..read].starts_with(b"HTTP/1.1 401 ") {
            return None;
        }
    }
}

/// A guest who resumes again as soon as everything has been replayed.
async fn resume_repeatedly(server: SocketAddr, address: SourceAddress, cost: &Cost) -> Option<()> {
    let mut socket = address.connect_with_hello(server, guest_hello(random_nickname())).await?;
    let ServerFrame::Welcome(welcome) = ServerFrame::from_json(socket.next().await?.ok()?.to_text().ok()?)? else {
        return None;
    };
    let (token, lobby) = (welcome.token.clone()?, welcome.conversations.first()?.id);
    let mut last_seq = welcome.conversations.first()?.last_seq;
    let _connected = cost.connected();
    loop {
        drop(socket);
        let hello = Hello {
            protocol: VERSION,
            token: Some(token.clone()),
            epoch: Some(welcome.epoch),
            cursors: HashMap::from([(lobby, Seq(last_seq.0.saturating_sub(EVENTS_BACK)))]),
            ..Hello::default()
        };
        socket = address.connect_with_hello(server, hello).await?;
        cost.count_frame();
        loop {
            match ServerFrame::from_json(socket.next().await?.ok()?.to_text().ok()?) {
                Some(ServerFrame::Welcome(welcome)) => last_seq = welcome.conversations.first()?.last_seq,
                Some(ServerFrame::CaughtUp { .. } | ServerFrame::Reset { .. }) => break,
                Some(ServerFrame::Error(_)) => return None,
                _ => {}
            }
        }
    }
}

async fn wait_for_close(mut stream: TcpStream) -> Option<()> {
    let mut end = [0; 64];
    while stream.read(&mut end).await.is_ok_and(|bytes| bytes > 0) {}
    Some(())
}

async fn send_slowly(mut stream: TcpStream) -> Option<()> {
    for byte in b"GET / HTTP/1.1\r\nHost: teahouse\r\nX-Slow: ".iter().chain([b'x'; 10_000].iter()) {
        stream.write_all(&[*byte]).await.ok()?;
        let mut end = [0; 64];
        if let Ok(Ok(0) | Err(_)) = timeout(BYTE_INTERVAL, stream.read(&mut end)).await {
            break;
        }
    }
    Some(())
}

fn random_nickname() -> String {
    format!("stranger {}", CommandId::random())[..30].to_owned()
}

async fn sign_in(server: SocketAddr, address: SourceAddress) -> Option<(WebSocketStream<TcpStream>, ConversationId)> {
    let mut socket = address.connect_with_hello(server, guest_hello(random_nickname())).await?;
    let first = socket.next().await?.ok()?;
    match ServerFrame::from_json(first.to_text().ok()?)? {
        ServerFrame::Welcome(welcome) => Some((socket, welcome.conversations.first()?.id)),
        _ => None,
    }
}

async fn flood_messages(
    server: SocketAddr,
    address: SourceAddress,
    cost: &Cost,
    body: impl Fn() -> String,
) -> Option<()> {
    let (socket, conversation) = sign_in(server, address).await?;
    send_frames(socket, cost, || {
        encode_frame(&ClientFrame::Send { id: CommandId::random(), conversation, body: body(), reply_to: None })
    })
    .await
}

/// Sends as fast as the server accepts, and reads the replies, so that the server does not drop it as a slow reader.
async fn send_frames(socket: WebSocketStream<TcpStream>, cost: &Cost, next: impl Fn() -> Message) -> Option<()> {
    let _connected = cost.connected();
    let (mut sink, mut stream) = socket.split();
    let reading = async { while let Some(Ok(_)) = stream.next().await {} };
    let sending = async {
        while sink.send(next()).await.is_ok() {
            cost.count_frame();
            tokio::task::yield_now().await;
        }
    };
    tokio::select! { () = reading => {}, () = sending => {} }
    // The attacker ignores why the server closed the connection, and returns.
    let _ = sink.send(Message::Close(None)).await;
    Some(())
}
