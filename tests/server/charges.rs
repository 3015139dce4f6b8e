//! Rate limits charge for what a request costs: requests before they are handled, responses by their bytes, and refused
//! requests like all others.

use std::{collections::HashMap, fs, num::NonZeroU32, process::Command};

use futures_util::future::join_all;
use reqwest::{Method, StatusCode, header};
use serde_json::json;
use teahouse::{
    domain::{ConversationId, Seq},
    protocol::{ErrorCode, ServerFrame},
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::support::{Closed, PROGRAM, RawClient, TestClient, TestProcess, TestServer, register_user, with_timeout};

fn non_zero(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).expect("not zero")
}

/// Sends exactly these bytes. Returns everything the server sends until it closes the connection.
async fn exchange(server: &TestServer, request: &str) -> String {
    let mut stream = TcpStream::connect(server.address).await.expect("a connection");
    stream.write_all(request.as_bytes()).await.expect("an open stream");
    let mut response = String::new();
    with_timeout("the server to close the connection", stream.read_to_string(&mut response)).await.expect("a response");
    response
}

fn status(response: &str) -> &str {
    response.split(' ').nth(1).unwrap_or_default()
}

#[tokio::test]
async fn a_long_form_without_a_session_is_charged_by_length_and_not_read() {
    let server =
        TestServer::start_with_pages_and_config(|config| config.limits.requests_per_minute = non_zero(160)).await;
    // The body is never sent, so a server that waited for it would not answer.
    let form = "POST /talk/lobby HTTP/1.1\r\nHost: localhost\r\nContent-Length: 255000\r\n\r\n";
    let refused = exchange(&server, form).await;
    assert_eq!(status(&refused), "413", "{refused}");
    assert!(refused.len() < 2_000, "a refusal is short: {} bytes", refused.len());
    // The burst is 40 requests; the form was charged as 32.
    assert_eq!(status(&exchange(&server, form).await), "429");
    let health = server.http(Method::GET, "/healthz").send().await.expect("a response");
    assert_eq!(health.status(), StatusCode::OK);
}

#[tokio::test]
async fn refused_requests_are_charged_like_others() {
    for (case, request, expected) in [
        ("a request without a session", "GET /api/me HTTP/1.1\r\nHost: localhost", "401"),
        ("an unknown path of the API", "GET /api/nothing HTTP/1.1\r\nHost: localhost", "404"),
        ("an unsupported method of the API", "PUT /api/me HTTP/1.1\r\nHost: localhost", "405"),
        ("an unknown page", "GET /no/page HTTP/1.1\r\nHost: localhost", "404"),
        ("an unsupported method of a page", "PUT /talk/lobby HTTP/1.1\r\nHost: localhost", "405"),
        ("another host name", "GET / HTTP/1.1\r\nHost: evil.example", "421"),
        ("another origin", "POST /talk/lobby HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example", "403"),
        ("a form without a session", "POST /talk/lobby HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0", "401"),
        ("the admin pages", "GET /admin HTTP/1.1\r\nHost: localhost", "303"),
    ] {
        let server =
            TestServer::start_with_pages_and_config(|config| config.limits.requests_per_minute = non_zero(4)).await;
        let request = format!("{request}\r\nConnection: close\r\n\r\n");
        assert_eq!(status(&exchange(&server, &request).await), expected, "{case}");
        assert_eq!(status(&exchange(&server, &request).await), "429", "{case}");
    }
}

#[tokio::test]
async fn upgrades_of_an_address_are_limited_even_if_they_fail() {
    // The burst is one upgrade.
    let start = || TestServer::start_with(|config| config.limits.hellos_per_minute = non_zero(1));
    let without_upgrade = "GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let server = start().await;
    assert_eq!(status(&exchange(&server, without_upgrade).await), "426", "without an upgrade");
    assert_eq!(status(&exchange(&server, without_upgrade).await), "429");
    let foreign = without_upgrade.replace("close", "Upgrade\r\nUpgrade: websocket\r\nOrigin: http://evil.example");
    let server = start().await;
    assert_eq!(status(&exchange(&server, &foreign).await), "403", "from another origin");
    assert_eq!(status(&exchange(&server, &foreign).await), "429");

    for path in ["/ws", "/script"] {
        let server = start().await;
        let mut invalid = RawClient::connect(&server, path).await;
        invalid.send_text("no hello").await;
        let refused = RawClient::connect_with(server.address, path, &[]).await.err().expect("a refusal");
        assert_eq!(refused.status(), 429, "{path}");
        assert!(refused.headers().contains_key("retry-after"), "{path}");
    }
}

#[tokio::test]
async fn files_are_charged_to_the_address_by_bytes() {
    let (data, site) = (TempDir::new().expect("a folder"), TempDir::new().expect("a folder"));
    fs::write(site.path().join("large.js"), "x".repeat(15_000)).expect("a file");
    let mut program = Command::new(PROGRAM);
    program.env("TEAHOUSE_SITE", site.path()).env("TEAHOUSE_FILE_BYTES_PER_MINUTE", "10000");
    let process = TestProcess::start_with_command(program, data.path()).await;
    let get = async |path: &str| {
        reqwest::get(format!("http://{}{path}", process.address)).await.expect("a response").status().as_u16()
    };
    // The burst is 20,000 bytes. A file that does not exist is charged as well.
    assert_eq!([get("/large.js").await, get("/none.js").await, get("/large.js").await], [200, 404, 200]);
    assert_eq!([get("/large.js").await, get("/none.js").await], [429, 429]);
    assert_eq!(get("/").await, 200, "pages have their own budget");
}

#[tokio::test]
async fn an_address_over_its_byte_budget_must_wait() {
    let server =
        TestServer::start_with_pages_and_config(|config| config.limits.answer_bytes_per_minute = non_zero(1_000)).await;
    let get = async |path| server.http(Method::GET, path).send().await.expect("a response");
    let mut sent = 0;
    loop {
        let response = get("/").await;
        if response.status() == StatusCode::TOO_MANY_REQUESTS {
            assert!(response.headers().contains_key(header::RETRY_AFTER));
            break;
        }
        sent += response.bytes().await.expect("a page").len();
        assert!(sent < 100_000, "{sent} bytes of pages");
    }
    // The burst is 16,000 bytes, and the page that exceeds it is still sent.
    assert!(sent > 16_000, "{sent} bytes of pages");
    assert_eq!(get("/api/me").await.status(), StatusCode::TOO_MANY_REQUESTS);
    let refused = RawClient::connect_with(server.address, "/ws", &[]).await.err().expect("a refusal");
    assert_eq!(refused.status(), 429);
    assert_eq!(get("/healthz").await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_page_is_compressed_and_has_a_length() {
    let server = TestServer::start_with_pages().await;
    let get = async |encoding: &str| {
        let request = server.http(Method::GET, "/").header(header::ACCEPT_ENCODING, encoding);
        request.send().await.expect("a response")
    };
    let uncompressed_response = get("identity").await;
    assert!(!uncompressed_response.headers().contains_key(header::CONTENT_ENCODING));
    let uncompressed = uncompressed_response.bytes().await.expect("a page").len();
    for encoding in ["br", "gzip"] {
        let response = get(encoding).await;
        assert_eq!(response.headers()[header::CONTENT_ENCODING], encoding);
        assert_eq!(response.headers()[header::VARY], "accept-encoding");
        let length = response.content_length().expect("a length");
        assert!(length * 2 < uncompressed as u64, "{encoding}: {length} of {uncompressed} bytes");
    }
}

fn cursor(conversation: ConversationId) -> HashMap<ConversationId, Seq> {
    HashMap::from([(conversation, Seq(0))])
}

/// Reads the events after the welcome. Returns their bytes, and whether all missed events came (no reset).
async fn read_replay(client: &mut TestClient) -> (usize, bool) {
    let mut bytes = 0;
    loop {
        match client.next().await {
            ServerFrame::Event(event) => bytes += serde_json::to_vec(&event).expect("JSON").len(),
            ServerFrame::CaughtUp { .. } => return (bytes, true),
            ServerFrame::Reset { .. } => return (bytes, false),
            _ => {}
        }
    }
}

#[tokio::test]
async fn repeated_resumes_from_old_cursors_are_charged() {
    let server = TestServer::start_with(|config| config.limits.answer_bytes_per_minute = non_zero(50_000)).await;
    let mut ling = TestClient::guest(&server, "阿玲").await;
    for number in 0..40 {
        ling.send_message(&format!("{number} {}", "x".repeat(800))).await;
    }
    let mallory = TestClient::guest(&server, "Mallory").await;
    let (epoch, cursors) = (mallory.welcome.epoch, cursor(mallory.lobby().id));
    let (mut sent, mut resets) = (0, 0);
    for _ in 0..20 {
        let mut resumed = TestClient::resume(&server, mallory.token(), epoch, &cursors).await;
        let (bytes, is_complete) = read_replay(&mut resumed).await;
        sent += bytes;
        resets += u32::from(!is_complete);
    }
    // Without a limit this would be 20 × 40 kB.
    assert!(resets >= 15, "{resets} resets");
    assert!(sent < 200_000, "{sent} bytes");
    let history = server.http(Method::GET, "/api/conversations/lobby/messages").bearer_auth(mallory.token());
    let refused = history.send().await.expect("a response");
    assert_eq!(refused.status(), 429, "history shares the budget of resumes");
    assert!(refused.headers().contains_key(header::RETRY_AFTER));
    // Another user of the same address is not affected.
    let neighbour = TestClient::guest(&server, "小明").await;
    let mut resumed = TestClient::resume(&server, neighbour.token(), epoch, &cursors).await;
    assert!(read_replay(&mut resumed).await.1, "all missed events");
}

#[tokio::test]
async fn hellos_of_a_user_are_limited_and_say_when_to_retry() {
    let server = TestServer::start_with(|config| config.limits.hellos_per_minute = non_zero(6)).await;
    let ming = TestClient::guest(&server, "小明").await;
    for _ in 0..2 {
        ming.connect_again(&server).await;
    }
    let mut fourth = RawClient::connect(&server, "/ws").await;
    fourth.send_json(&json!({ "type": "hello", "protocol": 1, "token": ming.token() })).await;
    let error = fourth.next_json().await;
    assert_eq!(error["code"], json!(ErrorCode::RateLimited));
    assert!(error["retry_after_ms"].as_u64().is_some_and(|wait| wait <= 10_001), "{error}");
    assert_eq!(fourth.closed().await, Closed::Code(4429));
    TestClient::guest(&server, "阿玲").await.send_message("other users are not affected").await;
}

#[tokio::test]
async fn a_client_that_reconnects_every_few_seconds_misses_nothing() {
    let server = TestServer::start().await;
    let mut ling = TestClient::guest(&server, "阿玲").await;
    let ming = TestClient::guest(&server, "小明").await;
    let epoch = ming.welcome.epoch;
    for seq in 0..40 {
        ling.send_message(&format!("{seq} {}", "茶".repeat(100))).await;
        let cursors = HashMap::from([(ming.lobby().id, Seq(seq))]);
        let mut resumed = TestClient::resume(&server, ming.token(), epoch, &cursors).await;
        assert!(read_replay(&mut resumed).await.1, "reconnect {seq}");
    }
}

#[tokio::test]
async fn three_hundred_users_of_one_address_can_reconnect_at_once() {
    const USERS: usize = 300;
    // Like a school with a raised guest limit. All other limits are the defaults.
    let server = TestServer::start_with(|config| config.limits.guests_per_address = non_zero(400)).await;
    let connecting = (0..USERS).map(|number| {
        let server = &server;
        async move { TestClient::guest(server, &format!("pupil {number}")).await }
    });
    let mut users = join_all(connecting).await;
    for number in 0..20 {
        users[0].send_message(&format!("homework {number}")).await;
    }
    let (epoch, cursors) = (users[0].welcome.epoch, cursor(users[0].lobby().id));
    let tokens: Vec<_> = users.iter().map(|user| user.token().to_owned()).collect();
    drop(users);
    let server = server.restart().await;
    let resuming = tokens.iter().map(async |token| {
        let mut resumed = TestClient::resume(&server, token, epoch, &cursors).await;
        read_replay(&mut resumed).await.1
    });
    assert_eq!(join_all(resuming).await, [true; USERS]);
}

#[tokio::test]
async fn invites_by_http_are_charged_like_commands() {
    // The burst is two commands.
    let server = TestServer::start_with(|config| config.limits.commands_per_minute = non_zero(40)).await;
    let (_owner, token) = register_user(&server, "Olga").await;
    let create = async || {
        let request = server.http(Method::POST, "/api/invites").bearer_auth(&token).json(&json!({}));
        request.send().await.expect("a response").status().as_u16()
    };
    assert_eq!([create().await, create().await, create().await], [201, 201, 429]);
}
