//! The log tells who signed in and who was refused, with addresses, but never what was typed.

use std::{fs::File, process::Command, process::Stdio, time::Duration};

use reqwest::Method;
use serde_json::{Value, json};
use teahouse::protocol::SessionCreated;
use tempfile::TempDir;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use super::support::{PROGRAM, RawClient, TestProcess, with_timeout};

#[tokio::test]
async fn strangers_cannot_flood_the_log() {
    let data = TempDir::new().expect("a folder");
    let log = data.path().join("log");
    let mut program = Command::new(PROGRAM);
    program.env_remove("RUST_LOG").env("TEAHOUSE_MAX_CONNECTIONS_PER_ADDRESS", "8");
    program.stderr(Stdio::from(File::create(&log).expect("a file")));
    let process = TestProcess::start_with_command(program, data.path()).await;

    // Requests with a forwarded address that the server does not trust, and requests that the edge refuses.
    let mut stream = TcpStream::connect(process.address).await.expect("a connection");
    for number in 0..250 {
        let head = format!("GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 192.0.2.{number}\r\n\r\n");
        stream.write_all(head.as_bytes()).await.expect("an open stream");
        let mut response = [0; 4_096];
        with_timeout("a response", stream.read(&mut response)).await.expect("a response");
    }
    for _ in 0..100 {
        let response =
            reqwest::Client::new().get(format!("http://{}/", process.address)).header("host", "evil.example");
        response.send().await.expect("a response");
    }
    // More connections than twice the limit of an address.
    let mut held = vec![stream];
    for _ in 0..60 {
        held.push(TcpStream::connect(process.address).await.expect("a connection"));
    }
    let mut refused = 0;
    while refused < 200 {
        let mut stream = TcpStream::connect(process.address).await.expect("a connection");
        let mut rest = Vec::new();
        match timeout(Duration::from_secs(1), stream.read_to_end(&mut rest)).await {
            Ok(read) => {
                assert!(read.is_err() || rest.is_empty(), "closed without a response");
                refused += 1;
            }
            // On a busy machine the server may have closed one of the first by now, whose place this one takes.
            Err(_elapsed) => held.push(stream),
        }
    }

    process.signal("TERM");
    assert!(process.exit().await.success());
    let log = String::from_utf8_lossy(&std::fs::read(&log).expect("the log")).into_owned();
    let count = |text: &str| log.lines().filter(|line| line.contains(text)).count();
    // The first, the tenth and the hundredth are logged.
    assert_eq!(count("--trusted-proxies"), 3, "{log}");
    assert!(!log.contains("192.0.2."), "an untrusted forwarded address is in the log: {log}");
    let refused = count("no room for another connection") + count(" refused ");
    assert!((60..=150).contains(&refused), "{refused} lines about 300 refusals: {log}");
    assert!(log.lines().count() < 200, "{} lines", log.lines().count());
}

#[tokio::test]
async fn the_security_log_records_sign_ins_and_refusals() {
    const PASSWORD: &str = "wistful-porcelain-kettle";
    /// A password typed into the nickname field by mistake.
    const MISPLACED: &str = "a-password-for-a-name";
    let data = TempDir::new().expect("a folder");
    let log = data.path().join("log");
    let mut program = Command::new(PROGRAM);
    program.env_remove("RUST_LOG").env("TEAHOUSE_SIGN_INS_PER_MINUTE", "6");
    program.stderr(Stdio::from(File::create(&log).expect("a file")));
    let process = TestProcess::start_with_command(program, data.path()).await;

    let http = reqwest::Client::new();
    let request = |method, path: &str| http.request(method, format!("http://{}{path}", process.address));
    let sign_in =
        async |body: Value| request(Method::POST, "/api/session").json(&body).send().await.expect("a response");
    let guest: SessionCreated = sign_in(json!({ "nickname": "小明" })).await.json().await.expect("a session");
    let claim =
        request(Method::PUT, "/api/me/password").bearer_auth(&guest.token).json(&json!({ "password": PASSWORD }));
    assert_eq!(claim.send().await.expect("a response").status(), 204);
    assert_eq!(sign_in(json!({ "nickname": "小明", "password": "wrong-bamboo-whisk" })).await.status(), 403);
    assert_eq!(sign_in(json!({ "nickname": MISPLACED, "password": PASSWORD })).await.status(), 403);
    let user: SessionCreated =
        sign_in(json!({ "nickname": "小明", "password": PASSWORD })).await.json().await.expect("a session");
    let mut tries = 0;
    while sign_in(json!({ "nickname": "小明", "password": "one more guess" })).await.status() != 429 {
        tries += 1;
        assert!(tries < 10, "passwords can be tried without limit");
    }
    // The first user with a password owns the server, so another user requests what only owners may see.
    let other: SessionCreated = sign_in(json!({ "nickname": "阿玲" })).await.json().await.expect("a session");
    let audit = request(Method::GET, "/api/audit").bearer_auth(&other.token).send().await.expect("a response");
    assert_eq!(audit.status(), 403);
    let mut member = RawClient::connect_with(process.address, "/ws", &[]).await.expect("an upgrade");
    member.send_json(&json!({ "type": "hello", "protocol": 1, "token": other.token })).await;
    member.next_text().await.expect("a welcome");
    let id = teahouse::domain::CommandId::generate();
    member.send_json(&json!({ "type": "moderate", "id": id, "action": "ban", "user": user.me.id })).await;
    while !member.next_text().await.expect("a response").contains("forbidden") {}
    let foreign =
        request(Method::DELETE, "/api/session").header("sec-fetch-site", "cross-site").bearer_auth(&user.token);
    assert_eq!(foreign.send().await.expect("a response").status(), 403);
    let rebound = request(Method::GET, "/api/me").header("host", "evil.example");
    assert_eq!(rebound.send().await.expect("a response").status(), 421);
    let end = request(Method::DELETE, "/api/session").bearer_auth(&user.token).send().await.expect("a response");
    assert_eq!(end.status(), 204);

    process.signal("TERM");
    assert!(process.exit().await.success());
    let log = String::from_utf8_lossy(&std::fs::read(&log).expect("the log")).into_owned();
    let (ming, ling) = (format!("user={}", user.me.id), format!("user={}", other.me.id));
    for (text, details) in [
        ("a password was set", [ming.as_str(), "address=127.0.0.1"]),
        ("a wrong password", [&ming, "address=127.0.0.1"]),
        ("a password for a name that has none", ["WARN", "address=127.0.0.1"]),
        ("signed in by password", [&ming, "address=127.0.0.1"]),
        ("refused", ["code=\"rate_limited\"", "address=127.0.0.1"]),
        ("asked for what is not allowed", [&ling, "WARN"]),
        ("refused", ["code=\"foreign_origin\"", "address=127.0.0.1"]),
        ("refused", ["code=\"not_found\"", "address=127.0.0.1"]),
        ("a session was ended", [&ming, "INFO"]),
    ] {
        let mut lines = log.lines().filter(|line| line.contains("teahouse::security") && line.contains(text));
        assert!(
            lines.any(|line| details.iter().all(|part| line.contains(part))),
            "no {text:?} with {details:?} in:\n{log}"
        );
    }
    assert_eq!(log.lines().filter(|line| line.contains("asked for what is not allowed")).count(), 2, "{log}");
    // Each timestamp says that it is in UTC.
    assert!(log.lines().all(|line| line.split(' ').next().is_some_and(|time| time.ends_with('Z'))), "{log}");
    for secret in [PASSWORD, MISPLACED, "wrong-bamboo-whisk", "one more guess", "evil.example", &user.token] {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
}
