//! Nothing costs the server more than whoever asks for it is charged: questions before they are looked at, answers by what
//! they weigh, and refusals like everything else.

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

fn some(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).expect("more than none")
}

/// What comes back to exactly these bytes, until the server hangs up.
async fn exchange(server: &TestServer, request: &str) -> String {
    let mut stream = TcpStream::connect(server.address).await.expect("a connection");
    stream.write_all(request.as_bytes()).await.expect("an open stream");
    let mut answer = String::new();
    with_timeout("the server to hang up", stream.read_to_string(&mut answer)).await.expect("an end");
    answer
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or_default()
}

#[tokio::test]
async fn a_long_form_without_a_session_is_charged_by_length_and_not_read() {
    let server = TestServer::start_with_pages_and_config(|config| config.limits.requests_per_minute = some(160)).await;
    // The body never comes: whoever waited for it would not answer.
    let form = "POST /talk/lobby HTTP/1.1\r\nHost: localhost\r\nContent-Length: 255000\r\n\r\n";
    let refused = exchange(&server, form).await;
    assert_eq!(status(&refused), "413", "{refused}");
    assert!(refused.len() < 2_000, "a refusal is short: {} bytes", refused.len());
    // 32 of 40 are gone.
    assert_eq!(status(&exchange(&server, form).await), "429");
    let health = server.http(Method::GET, "/healthz").send().await.expect("an answer");
    assert_eq!(health.status(), StatusCode::OK);
}

#[tokio::test]
async fn refused_requests_are_charged_like_others() {
    for (what, request, first) in [
        ("a request without a session", "GET /api/me HTTP/1.1\r\nHost: localhost", "401"),
        ("an address that the API does not have", "GET /api/nothing HTTP/1.1\r\nHost: localhost", "404"),
        ("a method that the API does not have", "PUT /api/me HTTP/1.1\r\nHost: localhost", "405"),
        ("a page that is not there", "GET /no/page HTTP/1.1\r\nHost: localhost", "404"),
        ("a method that a page does not have", "PUT /talk/lobby HTTP/1.1\r\nHost: localhost", "405"),
        ("a foreign name", "GET / HTTP/1.1\r\nHost: evil.example", "421"),
        ("a foreign page", "POST /talk/lobby HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example", "403"),
        ("a form without a session", "POST /talk/lobby HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0", "401"),
        ("pages of moderators", "GET /admin HTTP/1.1\r\nHost: localhost", "303"),
    ] {
        let server =
            TestServer::start_with_pages_and_config(|config| config.limits.requests_per_minute = some(4)).await;
        let request = format!("{request}\r\nConnection: close\r\n\r\n");
        assert_eq!(status(&exchange(&server, &request).await), first, "{what}");
        assert_eq!(status(&exchange(&server, &request).await), "429", "{what}");
    }
}

#[tokio::test]
async fn upgrades_of_an_address_are_limited_even_if_they_fail() {
    // One at once.
    let start = || TestServer::start_with(|config| config.limits.hellos_per_minute = some(1));
    let none = "GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let server = start().await;
    assert_eq!(status(&exchange(&server, none).await), "426", "no upgrade");
    assert_eq!(status(&exchange(&server, none).await), "429");
    let foreign = none.replace("close", "Upgrade\r\nUpgrade: websocket\r\nOrigin: http://evil.example");
    let server = start().await;
    assert_eq!(status(&exchange(&server, &foreign).await), "403", "from a foreign page");
    assert_eq!(status(&exchange(&server, &foreign).await), "429");

    for path in ["/ws", "/visitor"] {
        let server = start().await;
        let mut bad = RawClient::connect(&server, path).await;
        bad.send_text("no hello").await;
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
    let ask = async |path: &str| {
        reqwest::get(format!("http://{}{path}", process.address)).await.expect("an answer").status().as_u16()
    };
    // Twenty thousand at once; also one that is not there counts.
    assert_eq!([ask("/large.js").await, ask("/none.js").await, ask("/large.js").await], [200, 404, 200]);
    assert_eq!([ask("/large.js").await, ask("/none.js").await], [429, 429]);
    assert_eq!(ask("/").await, 200, "pages are another matter");
}

#[tokio::test]
async fn an_address_over_its_byte_budget_must_wait() {
    let server =
        TestServer::start_with_pages_and_config(|config| config.limits.answer_bytes_per_minute = some(1_000)).await;
    let ask = async |path| server.http(Method::GET, path).send().await.expect("an answer");
    let mut sent = 0;
    loop {
        let answer = ask("/").await;
        if answer.status() == StatusCode::TOO_MANY_REQUESTS {
            assert!(answer.headers().contains_key(header::RETRY_AFTER));
            break;
        }
        sent += answer.bytes().await.expect("a page").len();
        assert!(sent < 100_000, "{sent} bytes of pages");
    }
    // Twice eight thousand at once, and the page that was too much.
    assert!(sent > 16_000, "{sent} bytes of pages");
    assert_eq!(ask("/api/me").await.status(), StatusCode::TOO_MANY_REQUESTS);
    let refused = RawClient::connect_with(server.address, "/ws", &[]).await.err().expect("a refusal");
    assert_eq!(refused.status(), 429);
    assert_eq!(ask("/healthz").await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_page_is_compressed_and_has_a_length() {
    let server = TestServer::start_with_pages().await;
    let ask = async |encoding: &str| {
        let request = server.http(Method::GET, "/").header(header::ACCEPT_ENCODING, encoding);
        request.send().await.expect("an answer")
    };
    let plain = ask("identity").await;
    assert!(!plain.headers().contains_key(header::CONTENT_ENCODING));
    let plain = plain.bytes().await.expect("a page").len();
    for encoding in ["br", "gzip"] {
        let answer = ask(encoding).await;
        assert_eq!(answer.headers()[header::CONTENT_ENCODING], encoding);
        assert_eq!(answer.headers()[header::VARY], "accept-encoding");
        let length = answer.content_length().expect("a length");
        assert!(length * 2 < plain as u64, "{encoding}: {length} of {plain} bytes");
    }
}

fn cursor(conversation: ConversationId) -> HashMap<ConversationId, Seq> {
    HashMap::from([(conversation, Seq(0))])
}

/// How many bytes of events come after the welcome, and whether all came that were missed.
async fn replayed(client: &mut TestClient) -> (usize, bool) {
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
    let server = TestServer::start_with(|config| config.limits.answer_bytes_per_minute = some(50_000)).await;
    let mut ling = TestClient::guest(&server, "阿玲").await;
    for number in 0..40 {
        ling.send_message(&format!("{number} {}", "x".repeat(800))).await;
    }
    let greedy = TestClient::guest(&server, "Mallory").await;
    let (epoch, cursors) = (greedy.welcome.epoch, cursor(greedy.lobby().id));
    let (mut sent, mut resets) = (0, 0);
    for _ in 0..20 {
        let mut back = TestClient::resume(&server, greedy.token(), epoch, &cursors).await;
        let (bytes, is_whole) = replayed(&mut back).await;
        sent += bytes;
        resets += u32::from(!is_whole);
    }
    // Without a limit these are twenty times 40 kB.
    assert!(resets >= 15, "{resets} resets");
    assert!(sent < 200_000, "{sent} bytes");
    let history = server.http(Method::GET, "/api/conversations/lobby/messages").bearer_auth(greedy.token());
    let refused = history.send().await.expect("an answer");
    assert_eq!(refused.status(), 429, "another way to the same bytes");
    assert!(refused.headers().contains_key(header::RETRY_AFTER));
    // Who sits at the same address is not concerned.
    let neighbour = TestClient::guest(&server, "小明").await;
    let mut back = TestClient::resume(&server, neighbour.token(), epoch, &cursors).await;
    assert!(replayed(&mut back).await.1, "everything that was missed");
}

#[tokio::test]
async fn hellos_of_a_user_are_limited_and_say_when_to_retry() {
    let server = TestServer::start_with(|config| config.limits.hellos_per_minute = some(6)).await;
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
    TestClient::guest(&server, "阿玲").await.send_message("others are not concerned").await;
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
        let mut back = TestClient::resume(&server, ming.token(), epoch, &cursors).await;
        assert!(replayed(&mut back).await.1, "the {seq}th time");
    }
}

#[tokio::test]
async fn three_hundred_users_of_one_address_can_reconnect_at_once() {
    const PEOPLE: usize = 300;
    // Of a school that has told the server so; all other limits are the usual ones.
    let server = TestServer::start_with(|config| config.limits.guests_per_address = some(400)).await;
    let arriving = (0..PEOPLE).map(|number| {
        let server = &server;
        async move { TestClient::guest(server, &format!("pupil {number}")).await }
    });
    let mut people = join_all(arriving).await;
    for number in 0..20 {
        people[0].send_message(&format!("homework {number}")).await;
    }
    let (epoch, cursors) = (people[0].welcome.epoch, cursor(people[0].lobby().id));
    let tokens: Vec<_> = people.iter().map(|person| person.token().to_owned()).collect();
    drop(people);
    let server = server.restart().await;
    let coming_back = tokens.iter().map(async |token| {
        let mut back = TestClient::resume(&server, token, epoch, &cursors).await;
        replayed(&mut back).await.1
    });
    assert_eq!(join_all(coming_back).await, [true; PEOPLE]);
}

#[tokio::test]
async fn invites_by_http_are_charged_like_commands() {
    // Two commands at once.
    let server = TestServer::start_with(|config| config.limits.commands_per_minute = some(40)).await;
    let (_owner, token) = register_user(&server, "Olga").await;
    let create = async || {
        let request = server.http(Method::POST, "/api/invites").bearer_auth(&token).json(&json!({}));
        request.send().await.expect("an answer").status().as_u16()
    };
    assert_eq!([create().await, create().await, create().await], [201, 201, 429]);
}
