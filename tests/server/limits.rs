//! Limits: no client can take more than its share of the server.

use std::{num::NonZeroU32, time::Duration};

use futures_util::{SinkExt as _, StreamExt as _};
use reqwest::Method;
use serde_json::json;
use teahouse::protocol::{ErrorCode, ServerFrame};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
};
use tokio_tungstenite::tungstenite::Message;

use super::support::{Closed, RawClient, TestClient, TestServer, with_timeout};

fn per_minute(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).expect("a number above zero")
}

#[tokio::test]
async fn too_many_commands_are_refused_with_a_waiting_time() {
    let server = TestServer::start_with(|config| config.limits.commands_per_minute = per_minute(40)).await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let mut ling = TestClient::guest(&server, "阿玲").await;
    ming.send_message("one").await;
    ming.raw.send_text("no frame").await;
    assert_eq!(ming.expect_error().await.code, ErrorCode::BadFrame);
    let id = ming.send_without_waiting(ming.lobby().id, "three").await;
    let error = ming.expect_error().await;
    assert_eq!((error.id, error.code), (Some(id), ErrorCode::RateLimited));
    let wait = error.retry_after_ms.expect("a retry time");
    assert!((1..=1_501).contains(&wait), "{wait} ms to wait at 40 messages a minute");
    ling.send_message("others are not concerned").await;
    assert_eq!(server.stored_counts().events, 2);
}

#[tokio::test]
async fn long_messages_are_charged_by_length() {
    let server = TestServer::start_with(|config| config.limits.commands_per_minute = per_minute(80)).await;
    let mut ming = TestClient::guest(&server, "小明").await;
    // The limit is four messages in a burst, or one message over 3,000 bytes.
    ming.send_message(&"好".repeat(900)).await;
    ming.send_message("short").await;
    ming.send_without_waiting(ming.lobby().id, "one too many").await;
    assert_eq!(ming.expect_error().await.code, ErrorCode::RateLimited);
}

#[tokio::test]
async fn a_new_guest_does_not_reset_the_limits_of_an_address() {
    let server = TestServer::start_with(|config| config.limits.commands_per_minute = per_minute(40)).await;
    let mut refused = 0;
    // Each guest may send a burst of two, and all guests of one address together eight.
    for number in 0..6 {
        let mut guest = TestClient::guest(&server, &format!("guest {number}")).await;
        let ids = [
            guest.send_without_waiting(guest.lobby().id, "one").await,
            guest.send_without_waiting(guest.lobby().id, "two").await,
        ];
        for id in ids {
            refused += guest
                .expect("an answer", |frame| match frame {
                    ServerFrame::Ack { id: acked, .. } if *acked == id => Some(0),
                    ServerFrame::Error(error) if error.id == Some(id) => Some(1),
                    _ => None,
                })
                .await;
        }
    }
    assert!((2..=4).contains(&refused), "{refused} of twelve refused");
}

#[tokio::test]
async fn a_flood_of_frames_closes_the_connection() {
    let server = TestServer::start_with(|config| config.limits.frames_per_minute = per_minute(40)).await;
    let mut ming = TestClient::guest(&server, "小明").await;
    for _ in 0..11 {
        ming.send(&json!({ "type": "ping" })).await;
    }
    assert_eq!(ming.expect_error().await.code, ErrorCode::RateLimited);
    assert_eq!(ming.closed().await, Closed::Code(4429));
}

#[tokio::test]
async fn a_flood_of_pings_closes_the_connection() {
    let server = TestServer::start_with(|config| config.limits.frames_per_minute = per_minute(40)).await;
    let mut raw = RawClient::connect(&server, "/ws").await;
    raw.send_json(&json!({ "type": "hello", "protocol": 1, "nickname": "小明" })).await;
    raw.next_json().await;
    for _ in 0..11 {
        let ping = Message::Ping(Vec::new().into());
        with_timeout("a ping to be sent", raw.socket.send(ping)).await.expect("an open socket");
    }
    assert_eq!(raw.closed().await, Closed::Code(4429));
}

#[tokio::test]
async fn connections_of_a_user_are_limited() {
    let server = TestServer::start_with(|config| config.limits.max_connections_per_user = 2).await;
    let ming = TestClient::guest(&server, "小明").await;
    let mut second = ming.connect_again(&server).await;
    let mut third = RawClient::connect(&server, "/ws").await;
    third.send_json(&json!({ "type": "hello", "protocol": 1, "token": ming.token() })).await;
    assert_eq!(third.closed().await, Closed::Code(4429));
    second.send_message("two are fine").await;
}

#[tokio::test]
async fn connections_of_an_address_are_limited() {
    let server = TestServer::start_with(|config| config.limits.max_connections_per_address = 2).await;
    let ming = TestClient::guest(&server, "小明").await;
    let mut ling = TestClient::guest(&server, "阿玲").await;
    let refused = server.http(Method::GET, "/healthz").send().await.expect("a response");
    assert_eq!(refused.status(), 429);
    let refused = RawClient::connect_with(server.address, "/ws", &[]).await.err().expect("a refusal");
    assert_eq!(refused.status(), 429);
    let departed = ming.user();
    ling.expect_online(&departed).await;
    drop(ming);
    ling.expect_offline(&departed).await;
    // The hub forgets a connection shortly before its TCP stream is closed.
    with_timeout("room for another connection", async {
        while server.http(Method::GET, "/healthz").send().await.expect("a response").status() != 200 {}
    })
    .await;
}

#[tokio::test]
async fn refused_connections_of_an_address_cannot_fill_the_server() {
    let server = TestServer::start_with(|config| config.limits.max_connections_per_address = 2).await;
    let mut streams = Vec::new();
    for _ in 0..5 {
        streams.push(TcpStream::connect(server.address).await.expect("a connection"));
    }
    // Two are within the limit, two would receive an HTTP error if they sent a request, and the last is closed at once.
    let mut last = streams.pop().expect("the fifth connection");
    let mut rest = Vec::new();
    let read = with_timeout("the server to close the connection", last.read_to_end(&mut rest)).await;
    assert!(read.is_err() || rest.is_empty(), "closed without a response");
}

#[tokio::test]
async fn unfinished_requests_time_out() {
    let server = TestServer::start_with(|config| config.timing.request_timeout = Duration::from_millis(50)).await;
    let mut stream = TcpStream::connect(server.address).await.expect("a connection");
    stream
        .write_all(b"POST /api/session HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{")
        .await
        .expect("an open connection");
    let mut response = String::new();
    with_timeout("the server to close the connection", stream.read_to_string(&mut response)).await.expect("an end");
    assert!(response.starts_with("HTTP/1.1 408 "), "{response}");
}

#[tokio::test]
async fn a_full_server_accepts_no_connection() {
    let server = TestServer::start_with(|config| config.limits.max_connections = 1).await;
    let mut ming = TestClient::guest(&server, "小明").await;
    for path in ["/", "/api/me"] {
        let refused = server.http(Method::GET, path).send().await.expect("a response");
        assert_eq!(refused.status(), 503, "{path}");
        assert!(refused.headers().contains_key("retry-after"), "{path}");
    }
    let refused = RawClient::connect_with(server.address, "/ws", &[]).await.err().expect("a refusal");
    assert_eq!(refused.status(), 503);
    // Health checks are still answered, because the process is alive.
    for path in ["/healthz", "/readyz"] {
        assert_eq!(server.http(Method::GET, path).send().await.expect("a response").status(), 200, "{path}");
    }
    ming.send_message("alone").await;
}

/// Connects from another loopback address; all of 127.0.0.0/8 belong to this machine.
async fn connect_from(server: &TestServer, address: [u8; 4]) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind((address, 0).into()).expect("a loopback address");
    with_timeout("a connection", socket.connect(server.address)).await.expect("a connection")
}

async fn is_closed(stream: &mut TcpStream) -> bool {
    let mut rest = Vec::new();
    let read = with_timeout("the server to close the connection", stream.read_to_end(&mut rest)).await;
    read.is_err() || rest.is_empty()
}

#[tokio::test]
async fn idle_connections_of_many_addresses_do_not_keep_recent_users_out() {
    let server = TestServer::start_with(|config| config.limits.max_connections = 40).await;
    let ming = TestClient::guest(&server, "小明").await;
    let mut idle = Vec::new();
    for network in 0..60 {
        idle.push(connect_from(&server, [127, 30, network, 1]).await);
    }
    // More connections are held than an unknown address may take, so the server is full for new addresses.
    let mut new_client = connect_from(&server, [127, 31, 0, 1]).await;
    new_client.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await.expect("an open connection");
    let mut response = String::new();
    with_timeout("the server to close the connection", stream_to_end(&mut new_client, &mut response)).await;
    assert!(response.starts_with("HTTP/1.1 503 "), "{response}");
    let mut reconnected = Vec::new();
    for _ in 0..10 {
        reconnected.push(ming.connect_again(&server).await);
    }
    reconnected.pop().expect("one of ten connections").send_message("still in").await;
    assert_eq!(server.http(Method::GET, "/healthz").send().await.expect("a response").status(), 200);
    drop(idle);
}

async fn stream_to_end(stream: &mut TcpStream, response: &mut String) {
    stream.read_to_string(response).await.expect("an end");
}

#[tokio::test]
async fn silent_connections_time_out_sooner_while_the_server_is_nearly_full() {
    let server = TestServer::start_with(|config| {
        config.limits.max_connections = 8;
        config.timing.header_timeout = Duration::from_hours(1);
        config.timing.hello_timeout = Duration::from_hours(1);
        config.timing.crowded_timeout = Duration::from_millis(50);
    })
    .await;
    let mut idle = Vec::new();
    for network in 0..4 {
        idle.push(connect_from(&server, [127, 30, network, 1]).await);
    }
    let mut last = idle.pop().expect("the fourth connection");
    assert!(is_closed(&mut last).await, "idle connections hold more than a quarter of the limit");
}

#[tokio::test]
async fn connections_of_a_network_are_limited() {
    let server = TestServer::start_with(|config| config.limits.max_connections_per_network = 3).await;
    let mut held = Vec::new();
    for host in 1..=3 {
        held.push(connect_from(&server, [127, 30, 0, host]).await);
    }
    assert!(is_closed(&mut connect_from(&server, [127, 30, 0, 4]).await).await, "closed without a response");
    let mut other = connect_from(&server, [127, 30, 1, 4]).await;
    other.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await.expect("open");
    let mut response = String::new();
    with_timeout("a response", stream_to_end(&mut other, &mut response)).await;
    assert!(response.starts_with("HTTP/1.1 200 "), "{response}");
}

#[tokio::test]
async fn frames_of_all_users_of_an_address_are_limited() {
    let server = TestServer::start_with(|config| config.limits.frames_per_minute = per_minute(4)).await;
    let mut guests = Vec::new();
    for number in 0..40 {
        guests.push(TestClient::guest(&server, &format!("guest {number}")).await);
    }
    // Each guest may have a burst of one, and all guests of one address together twenty.
    for guest in &mut guests {
        guest.send(&json!({ "type": "ping" })).await;
    }
    let mut closed = 0;
    for mut guest in guests {
        let refused = guest.expect("an answer", |frame| match frame {
            ServerFrame::Pong {} => Some(false),
            ServerFrame::Error(error) => Some(error.code == ErrorCode::RateLimited),
            _ => None,
        });
        if refused.await {
            assert_eq!(guest.closed().await, Closed::Code(4429));
            closed += 1;
        }
    }
    assert!((1..=20).contains(&closed), "{closed} of forty closed");
}

#[tokio::test]
async fn new_guests_of_an_address_are_limited() {
    let server = TestServer::start_with(|config| config.limits.guests_per_minute = per_minute(2)).await;
    let _ming = TestClient::guest(&server, "小明").await;
    let _ling = TestClient::guest(&server, "阿玲").await;
    let body = json!({ "nickname": "小红" });
    let response = server.http(Method::POST, "/api/session").json(&body).send().await.expect("a response");
    assert_eq!(response.status(), 429);
    assert!(response.headers().contains_key("retry-after"));
    let mut raw = RawClient::connect(&server, "/visitor").await;
    assert_eq!(raw.next_json().await["error"], "rate_limited");
    assert_eq!(raw.closed().await, Closed::Code(4429));
    assert_eq!(server.stored_counts().users, 2);
}

#[tokio::test]
async fn a_client_that_answers_no_ping_is_disconnected() {
    let server = TestServer::start_with(|config| {
        config.timing.ping_interval = Duration::from_millis(30);
        config.timing.silence_timeout = Duration::from_millis(200);
    })
    .await;
    // A client that is not polled does not answer pings.
    let silent = TestClient::guest(&server, "silent").await;
    let departed = silent.user();
    let mut ming = TestClient::guest(&server, "小明").await;
    ming.expect_online(&departed).await;
    ming.expect_offline(&departed).await;
    // The client that was polled has answered all pings.
    ming.send_message("still here").await;
    drop(silent);
}

#[tokio::test]
async fn missing_headers_time_out() {
    let server = TestServer::start_with(|config| config.timing.header_timeout = Duration::from_millis(50)).await;
    let mut stream = TcpStream::connect(server.address).await.expect("a connection");
    stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nSlow").await.expect("an open connection");
    let mut rest = Vec::new();
    with_timeout("the server to close the connection", stream.read_to_end(&mut rest)).await.expect("an end");
}

/// Sends a request on a keep-alive connection and reads the response.
async fn get_healthz(stream: &mut TcpStream) -> String {
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await.expect("an open connection");
    let mut response = String::new();
    with_timeout("a response", async {
        while !response.ends_with("\r\n\r\nalive\n") {
            let mut bytes = [0; 4096];
            let read = stream.read(&mut bytes).await.expect("an open connection");
            assert!(read > 0, "closed after {response:?}");
            response.push_str(&String::from_utf8_lossy(&bytes[..read]));
        }
    })
    .await;
    response
}

#[tokio::test]
async fn a_connection_may_idle_longer_between_requests_than_within_one() {
    let server = TestServer::start_with(|config| config.timing.header_timeout = Duration::from_millis(50)).await;
    let mut keep_alive = TcpStream::connect(server.address).await.expect("a connection");
    get_healthz(&mut keep_alive).await;
    // These connections start later and still time out first: one sends nothing, one half a head, and one half of its
    // second request.
    let mut silent = TcpStream::connect(server.address).await.expect("a connection");
    let mut slow = TcpStream::connect(server.address).await.expect("a connection");
    slow.write_all(b"GET /healthz HTTP/1.1\r\nHost: loc").await.expect("an open connection");
    let mut second = TcpStream::connect(server.address).await.expect("a connection");
    get_healthz(&mut second).await;
    second.write_all(b"G").await.expect("an open connection");
    for stream in [&mut silent, &mut slow, &mut second] {
        assert!(is_closed(stream).await);
    }
    let response = get_healthz(&mut keep_alive).await;
    assert!(response.starts_with("HTTP/1.1 200 "), "{response}");
}

#[tokio::test]
async fn idle_connections_are_closed_and_sooner_while_the_server_is_nearly_full() {
    let server = TestServer::start_with(|config| config.timing.idle_timeout = Duration::from_millis(50)).await;
    let mut idle = TcpStream::connect(server.address).await.expect("a connection");
    get_healthz(&mut idle).await;
    assert!(is_closed(&mut idle).await);

    let server = TestServer::start_with(|config| {
        config.limits.max_connections = 8;
        config.timing.header_timeout = Duration::from_millis(50);
        config.timing.idle_timeout = Duration::from_hours(1);
        config.timing.crowded_timeout = Duration::from_millis(50);
    })
    .await;
    let mut held = Vec::new();
    for network in 0..4 {
        let mut stream = connect_from(&server, [127, 30, network, 1]).await;
        if network == 0 {
            get_healthz(&mut stream).await;
        }
        held.push(stream);
    }
    // This connection became idle while the server still had room.
    assert!(is_closed(&mut held[0]).await);
}

#[tokio::test]
async fn idle_connections_count_for_their_address() {
    let server = TestServer::start_with(|config| config.limits.max_connections_per_address = 1).await;
    let mut idle = TcpStream::connect(server.address).await.expect("a connection");
    get_healthz(&mut idle).await;
    let refused = server.http(Method::GET, "/healthz").send().await.expect("a response");
    assert_eq!(refused.status(), 429);
    get_healthz(&mut idle).await;
}

#[tokio::test]
async fn a_burst_of_commands_is_answered_completely() {
    const COMMANDS: u32 = 500;
    let server = TestServer::start_with(|config| config.unlimited = true).await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let lobby = ming.lobby().id;
    let mut waiting = std::collections::HashSet::new();
    for number in 0..COMMANDS {
        waiting.insert(ming.send_without_waiting(lobby, &number.to_string()).await);
    }
    with_timeout("all acks", async {
        while !waiting.is_empty() {
            let message = ming.raw.socket.next().await.expect("an open socket").expect("a frame");
            if let Ok(ServerFrame::Ack { id, .. }) = serde_json::from_slice(&message.into_data()) {
                assert!(waiting.remove(&id), "one ack per command");
            }
        }
    })
    .await;
    assert_eq!(server.stored_counts().events, COMMANDS);
}
