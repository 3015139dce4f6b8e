//! Stopping the server: acked messages are kept, clients get a close code, and the stop is quick.

use std::time::Instant;

use reqwest::Method;
use teahouse::{domain::MessagesPage, protocol::ServerFrame};
use tempfile::TempDir;
use tokio::{io::AsyncWriteExt as _, net::TcpStream};

use super::support::{Closed, RawClient, TestClient, TestProcess, TestServer};

async fn assert_clean_stop(signal: &str) {
    let data = TempDir::new().expect("a folder");
    let process = TestProcess::start(data.path()).await;
    let mut ming = TestClient::guest_at_address(process.address, "小明").await;
    let mut simple_client = RawClient::connect_with(process.address, "/script", &[]).await.expect("an upgrade");
    let (lobby, token) = (ming.lobby().id, ming.token().to_owned());
    for number in 0..40 {
        ming.send_without_waiting(lobby, &number.to_string()).await;
    }
    process.signal(signal);
    let stop_started = Instant::now();
    let mut acked = Vec::new();
    let closed = loop {
        match ming.raw.next_text().await {
            Ok(text) => {
                if let Ok(ServerFrame::Ack { id, .. }) = serde_json::from_str(&text) {
                    acked.push(id);
                }
            }
            Err(closed) => break closed,
        }
    };
    assert_eq!(closed, Closed::Code(1012));
    assert_eq!(simple_client.closed().await, Closed::Code(1012));
    drop((ming, simple_client));
    assert!(process.exit().await.success());
    assert!(stop_started.elapsed().as_secs() < 5);
    assert!(!data.path().join("admin.sock").exists(), "the admin socket is removed");

    let process = TestProcess::start(data.path()).await;
    let url = format!("http://{}/api/conversations/lobby/messages?limit=200", process.address);
    let response = reqwest::Client::new().request(Method::GET, url).bearer_auth(token).send().await;
    let page: MessagesPage = response.expect("a response").json().await.expect("a page");
    for id in acked {
        assert!(page.messages.iter().any(|message| message.id == id), "an acked message is stored");
    }
    process.signal(signal);
    assert!(process.exit().await.success());
}

#[tokio::test]
async fn sigterm_stops_the_server_cleanly() {
    assert_clean_stop("TERM").await;
}

#[tokio::test]
async fn sigint_stops_the_server_cleanly() {
    assert_clean_stop("INT").await;
}

#[tokio::test]
async fn unresponsive_clients_do_not_delay_the_stop() {
    let data = TempDir::new().expect("a folder");
    let process = TestProcess::start(data.path()).await;
    // A client that does not answer, a client in the middle of a request, and an idle connection.
    let _ming = TestClient::guest_at_address(process.address, "小明").await;
    let mut half_request = TcpStream::connect(process.address).await.expect("a connection");
    half_request
        .write_all(b"POST /api/session HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{")
        .await
        .expect("an open stream");
    let _idle = TcpStream::connect(process.address).await.expect("a connection");
    process.signal("TERM");
    let stop_started = Instant::now();
    assert!(process.exit().await.success());
    assert!(stop_started.elapsed().as_secs() < 5, "{:?}", stop_started.elapsed());
}

#[tokio::test]
async fn a_stopping_server_accepts_nobody() {
    let server = TestServer::start().await;
    let ming = TestClient::guest(&server, "小明").await;
    server.start_shutdown();
    assert_eq!(ming.closed().await, Closed::Code(1012));
    assert!(TcpStream::connect(server.address).await.is_err(), "the port is closed");
    server.stop().await;
}
