//! The log contains no secrets and no messages, even at the most verbose level.

use std::{
    fs::File,
    process::{Command, Stdio},
};

use reqwest::{Client, Method};
use serde_json::json;
use teahouse::protocol::SessionCreated;
use tempfile::TempDir;

use super::support::{PROGRAM, RawClient, TestClient, TestProcess};

#[tokio::test]
async fn logs_contain_no_secrets_and_no_messages() {
    const PASSWORD: &str = "wistful-porcelain-kettle";
    const WRONG_PASSWORD: &str = "wrong-bamboo-whisk";
    const MESSAGE: &str = "what-was-said-in-the-lobby";
    const SIMPLE_MESSAGE: &str = "what-was-said-at-the-simple-protocol";
    let data = TempDir::new().expect("a folder");
    let log = data.path().join("log");
    let mut program = Command::new(PROGRAM);
    program.env("RUST_LOG", "trace,tungstenite=trace,hyper=trace,tungstenite::protocol=trace");
    program.stderr(Stdio::from(File::create(&log).expect("a file")));
    let process = TestProcess::start_with_command(program, data.path()).await;

    let http = Client::new();
    let request = |method, path: &str| http.request(method, format!("http://{}{path}", process.address));
    let sign_in = async |body| request(Method::POST, "/api/session").json(&body).send().await.expect("a response");
    let guest: SessionCreated = sign_in(json!({ "nickname": "小明" })).await.json().await.expect("a session");
    let claim =
        request(Method::PUT, "/api/me/password").bearer_auth(&guest.token).json(&json!({ "password": PASSWORD }));
    assert_eq!(claim.send().await.expect("a response").status(), 204);
    assert_eq!(sign_in(json!({ "nickname": "小明", "password": WRONG_PASSWORD })).await.status(), 403);
    let user: SessionCreated =
        sign_in(json!({ "nickname": "小明", "password": PASSWORD })).await.json().await.expect("a session");

    let cookie = format!("teahouse_session_{}={}", process.address.port(), user.token);
    let me = request(Method::GET, "/api/me").header("cookie", &cookie).send().await.expect("a response");
    assert_eq!(me.status(), 200);
    let mut by_cookie =
        RawClient::connect_with(process.address, "/ws", &[("cookie", &cookie)]).await.expect("an upgrade");
    by_cookie.send_json(&json!({ "type": "hello", "protocol": 1 })).await;
    TestClient::await_welcome(by_cookie).await;
    let mut by_token = TestClient::with_token(process.address, &user.token).await;
    by_token.send_message(MESSAGE).await;
    let mut simple = RawClient::connect_with(process.address, "/visitor", &[]).await.expect("an upgrade");
    simple.send_json(&json!({ "username": "visitor", "msg": SIMPLE_MESSAGE })).await;
    by_token.expect_event(SIMPLE_MESSAGE).await;

    process.signal("TERM");
    assert!(process.exit().await.success());
    let log = String::from_utf8_lossy(&std::fs::read(&log).expect("the log")).into_owned();
    assert!(log.contains("SIGTERM"), "the log was not written: {log}");
    for secret in [PASSWORD, WRONG_PASSWORD, MESSAGE, SIMPLE_MESSAGE, &guest.token, &user.token] {
        let line = log.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "{secret} is in the log");
    }
}
