//! A connection that does not keep up is closed; other connections are not affected.

use serde_json::json;
use teahouse::protocol::ServerFrame;
use tokio::net::TcpSocket;

use super::support::{Closed, RawClient, TestClient, TestServer};

#[tokio::test]
async fn a_slow_reader_is_closed_and_others_miss_nothing() {
    // Less than the queue holds, so that only a client that never reads overflows it.
    const BATCH: u64 = 8;
    let server = TestServer::start_with(|config| {
        config.unlimited = true;
        config.limits.send_queue_bytes = 256 * 1024;
    })
    .await;
    let mut ming = TestClient::guest(&server, "小明").await;

    // A small window, so that little fits into the buffers between the server and a client that does not read.
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(4 * 1024).expect("a small buffer");
    let stream = socket.connect(server.address).await.expect("a connection");
    let mut slow = RawClient::upgrade(stream, server.address, "/ws", &[]).await.expect("an upgrade");
    slow.send_json(&json!({ "type": "hello", "protocol": 1, "nickname": "slow" })).await;
    let mut slow = TestClient::await_welcome(slow).await;
    let (slow_user, lobby) = (slow.welcome.me.id, ming.lobby().id);

    let body = "好".repeat(4_000);
    ming.expect_online(&slow.user()).await;
    let mut position = 0;
    let mut is_closed = false;
    while !is_closed {
        for _ in 0..BATCH {
            ming.send_without_waiting(lobby, &body).await;
        }
        let end = position + BATCH;
        while position < end {
            match ming.next().await {
                ServerFrame::Event(event) => {
                    assert_eq!(event.seq.0, position + 1, "a client that reads receives everything");
                    position += 1;
                }
                ServerFrame::Presence { left, .. } => is_closed |= left.contains(&slow_user),
                _ => {}
            }
        }
        assert!(position < 5_000, "60 MB is more than any buffer holds");
    }
    // The server closed the connection while the client did not read. Now the client reads what is buffered, and the
    // close code.
    assert_eq!(slow.raw.closed().await, Closed::Code(1013));
}
