//! What strangers do, from hundreds of addresses, and some of them from one.

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
    kind::Kind,
    line::{Address, frame, greet, guest, upgrade},
    toll::{Books, Toll},
};

/// How many addresses they have between them.
const ADDRESSES: usize = 300;

/// After something was refused.
const PAUSE: Duration = Duration::from_millis(50);

/// Between two bytes of those who send their headers slowly.
const TRICKLE: Duration = Duration::from_millis(500);

/// A family of four is one character of 25 bytes, so this is a message that may be sent, and nearly the largest frame.
const FAMILY: &str = "👨‍👩‍👧‍👦";
const FAMILIES: usize = 2_500;

/// So many marks on each of so many characters are nearly the most that a message may have.
const MARKS: usize = 10;
const PILES: usize = 1_800;

/// What a form says that nobody will read.
const FORM_BYTES: usize = 255_000;

/// How many addresses those have who only connect.
const IDLE_ADDRESSES: usize = 15;

/// How far back they say that they have come, at most: a little less than is replayed.
const FAR: u64 = 900;

/// Goes on until it is killed.
pub(crate) async fn run(server: SocketAddr, only: &[Kind]) {
    let mut attackers = JoinSet::new();
    let books = Arc::new(Books::default());
    for kind in Kind::value_variants().iter().copied().filter(|kind| only.is_empty() || only.contains(kind)) {
        for number in 0..kind.many() {
            let toll = books.of(kind);
            attackers.spawn(async move {
                loop {
                    if attack(server, kind, number, &toll).await.is_none() {
                        toll.refused();
                        sleep(PAUSE).await;
                    }
                }
            });
        }
    }
    attackers.spawn(async move { books.tell().await });
    while attackers.join_next().await.is_some() {}
}

/// One go, until the server ends it; `None` if it did not even let it begin.
async fn attack(server: SocketAddr, kind: Kind, number: usize, toll: &Toll) -> Option<()> {
    let address = Address::of(20, number % ADDRESSES);
    match kind {
        Kind::Silent => {
            let mut socket = upgrade(address.connect(server).await.ok()?, server).await?;
            let _inside = toll.inside();
            while let Some(Ok(_)) = socket.next().await {}
            Some(())
        }
        Kind::Crowd => {
            let stream = Address::of(21, 0).connect(server).await.ok()?;
            let _inside = toll.inside();
            wait_for_end(stream).await
        }
        Kind::Slow => {
            let stream = address.connect(server).await.ok()?;
            let _inside = toll.inside();
            trickle(stream).await
        }
        Kind::Deaf => {
            let stream = address.connect_with(server, Some(4_096)).await.ok()?;
            let _socket = greet(stream, server, guest(name())).await?;
            let _inside = toll.inside();
            // It does not know when the server has given it up; this is about how long that takes.
            sleep(Duration::from_secs(5)).await;
            Some(())
        }
        Kind::Commands => flood(server, address, toll, || "spam ".repeat(10)).await,
        Kind::Big => flood(server, address, toll, || FAMILY.repeat(FAMILIES)).await,
        Kind::Noise => {
            let (socket, _) = come_in(server, address).await?;
            pour(socket, toll, || Message::text("{\"type\":\"dance\"}")).await
        }
        Kind::TooBig => {
            let (socket, _) = come_in(server, address).await?;
            pour(socket, toll, || Message::text("x".repeat(80_000))).await
        }
        Kind::Marks => flood(server, address, toll, || format!("e{}", "\u{301}".repeat(MARKS)).repeat(PILES)).await,
        Kind::Directs => open_direct(server, address, number, toll).await,
        Kind::Forms => post_forms(server, address, toll).await,
        Kind::Returns => come_back(server, address, toll).await,
        Kind::Idle => {
            // The next address is in the next network.
            let stream = Address::of(23, number % IDLE_ADDRESSES * 256).connect(server).await.ok()?;
            let _inside = toll.inside();
            wait_for_end(stream).await
        }
        Kind::Joins => {
            static NEXT: AtomicUsize = AtomicUsize::new(0);
            let address = Address::of(22, NEXT.fetch_add(1, Ordering::Relaxed) % ADDRESSES);
            let _socket = come_in(server, address).await?;
            let _inside = toll.inside();
            Some(())
        }
    }
}

/// One direct, and a message in it.
async fn open_direct(server: SocketAddr, address: Address, number: usize, toll: &Toll) -> Option<()> {
    let (mut socket, _) = come_in(server, address).await?;
    let _inside = toll.inside();
    let id = CommandId::random();
    let nickname = format!("person {}", number % 50);
    socket
        .send(Message::text(json!({ "type": "open_direct", "id": id, "nickname": nickname }).to_string()))
        .await
        .ok()?;
    loop {
        match ServerFrame::from_json(socket.next().await?.ok()?.to_text().ok()?) {
            Some(ServerFrame::Ack { id: acked, conversation, .. }) if acked == id => {
                let body = "psst".to_owned();
                socket.send(frame(&ClientFrame::Send { id: CommandId::random(), conversation, body })).await.ok()?;
                toll.sent();
                socket.close(None).await.ok()?;
                return Some(());
            }
            Some(ServerFrame::Error(_)) => return None,
            _ => {}
        }
    }
}

/// One form after the other, until the server hangs up.
async fn post_forms(server: SocketAddr, address: Address, toll: &Toll) -> Option<()> {
    let mut stream = address.connect(server).await.ok()?;
    let _inside = toll.inside();
    let head = format!("POST /talk/lobby HTTP/1.1\r\nHost: localhost\r\nContent-Length: {FORM_BYTES}\r\n\r\nbody=");
    let body = vec![b'x'; FORM_BYTES - "body=".len()];
    let mut answer = vec![0; 64 * 1024];
    loop {
        stream.write_all(head.as_bytes()).await.ok()?;
        // It may have been refused before it was sent.
        let sent = stream.write_all(&body).await;
        toll.sent();
        let read = stream.read(&mut answer).await.ok().filter(|bytes| *bytes > 0)?;
        if sent.is_err() || !answer[..read].starts_with(b"HTTP/1.1 401 ") {
            return None;
        }
    }
}

/// A guest who says hello anew as soon as everything has come.
async fn come_back(server: SocketAddr, address: Address, toll: &Toll) -> Option<()> {
    let mut socket = address.greet(server, guest(name())).await?;
    let ServerFrame::Welcome(welcome) = ServerFrame::from_json(socket.next().await?.ok()?.to_text().ok()?)? else {
        return None;
    };
    let (token, lobby) = (welcome.token.clone()?, welcome.conversations.first()?.id);
    let mut last_seq = welcome.conversations.first()?.last_seq;
    let _inside = toll.inside();
    loop {
        drop(socket);
        let hello = Hello {
            protocol: VERSION,
            token: Some(token.clone()),
            epoch: Some(welcome.epoch),
            cursors: HashMap::from([(lobby, Seq(last_seq.0.saturating_sub(FAR)))]),
            ..Hello::default()
        };
        socket = address.greet(server, hello).await?;
        toll.sent();
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

async fn wait_for_end(mut stream: TcpStream) -> Option<()> {
    let mut end = [0; 64];
    while stream.read(&mut end).await.is_ok_and(|bytes| bytes > 0) {}
    Some(())
}

async fn trickle(mut stream: TcpStream) -> Option<()> {
    for byte in b"GET / HTTP/1.1\r\nHost: teahouse\r\nX-Slow: ".iter().chain([b'x'; 10_000].iter()) {
        stream.write_all(&[*byte]).await.ok()?;
        let mut end = [0; 64];
        if let Ok(Ok(0) | Err(_)) = timeout(TRICKLE, stream.read(&mut end)).await {
            break;
        }
    }
    Some(())
}

fn name() -> String {
    format!("stranger {}", CommandId::random())[..30].to_owned()
}

async fn come_in(server: SocketAddr, address: Address) -> Option<(WebSocketStream<TcpStream>, ConversationId)> {
    let mut socket = address.greet(server, guest(name())).await?;
    let first = socket.next().await?.ok()?;
    match ServerFrame::from_json(first.to_text().ok()?)? {
        ServerFrame::Welcome(welcome) => Some((socket, welcome.conversations.first()?.id)),
        _ => None,
    }
}

async fn flood(server: SocketAddr, address: Address, toll: &Toll, body: impl Fn() -> String) -> Option<()> {
    let (socket, conversation) = come_in(server, address).await?;
    pour(socket, toll, || frame(&ClientFrame::Send { id: CommandId::random(), conversation, body: body() })).await
}

/// Sends as fast as the server takes it, and reads what comes back, so as not to be thrown out for that.
async fn pour(socket: WebSocketStream<TcpStream>, toll: &Toll, next: impl Fn() -> Message) -> Option<()> {
    let _inside = toll.inside();
    let (mut sink, mut stream) = socket.split();
    let reading = async { while let Some(Ok(_)) = stream.next().await {} };
    let sending = async {
        while sink.send(next()).await.is_ok() {
            toll.sent();
            tokio::task::yield_now().await;
        }
    };
    tokio::select! { () = reading => {}, () = sending => {} }
    // The server's reason, unread, keeps nobody from coming back.
    let _ = sink.send(Message::Close(None)).await;
    Some(())
}
