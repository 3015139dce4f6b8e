//! Acked messages and sessions survive any end of the process.

use reqwest::Method;
use serde_json::Value;
use teahouse::domain::{MessagesPage, Seq};
use tempfile::TempDir;

use super::support::{RawClient, TestClient, TestProcess, TestServer, on_postgres};

#[tokio::test]
async fn messages_sessions_and_read_marks_survive_a_restart() {
    let server = TestServer::start().await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let _ling = TestClient::guest(&server, "阿玲").await;
    let direct = ming.open_direct("阿玲").await.id;
    ming.send_message("before").await;
    ming.send_message_to(direct, "in private").await;
    let token = ming.token().to_owned();

    let server = server.restart().await;
    let mut reconnected = TestClient::with_token(server.address, &token).await;
    assert_eq!(reconnected.welcome.me, ming.welcome.me);
    assert_eq!(reconnected.welcome.epoch, ming.welcome.epoch, "cursors stay valid");
    assert_eq!(reconnected.lobby().last_seq, Seq(1));
    assert_eq!(reconnected.send_message("after").await.seq, Some(Seq(2)));
    let response = server.http(Method::GET, "/api/conversations/lobby/messages").bearer_auth(&token).send().await;
    let page: MessagesPage = response.expect("a response").json().await.expect("a page");
    assert_eq!(page.messages.iter().map(|message| message.body.as_str()).collect::<Vec<_>>(), ["before", "after"]);
}

#[tokio::test]
async fn a_kill_keeps_acked_messages_and_frees_nicknames_of_simple_clients() {
    let data = TempDir::new().expect("a folder");
    let process = TestProcess::start(data.path()).await;
    let mut ming = TestClient::guest_at_address(process.address, "小明").await;
    let mut simple = RawClient::connect_with(process.address, "/visitor", &[]).await.expect("an upgrade");
    simple.send_text(r#"{"msg":"hello"}"#).await;
    ming.expect_event("hello").await;
    let ack = ming.send_message("kept").await;
    let token = ming.token().to_owned();
    process.signal("KILL");
    assert!(!process.exit().await.success());

    let process = TestProcess::start(data.path()).await;
    let reconnected = TestClient::with_token(process.address, &token).await;
    assert_eq!(Some(reconnected.lobby().last_seq), ack.seq);
    // Of several nodes, one does it later: who is not here may be at another node.
    if !on_postgres() {
        TestClient::guest_at_address(process.address, "visitor").await;
    }
}

#[tokio::test]
async fn a_second_process_on_the_same_data_does_not_start() {
    let server = TestServer::start().await;
    let config = server.config();
    let refused = teahouse::server::Server::open(config).await.err().expect("an error, because the data is in use");
    assert!(refused.to_string().starts_with("another teahouse is using"), "{refused}");
    // The first server is not affected.
    TestClient::guest(&server, "小明").await.send_message("still here").await;
    let ready = server.http(Method::GET, "/readyz").send().await.expect("a response");
    assert_eq!(ready.status(), 200);
    let body: Value = Value::String(ready.text().await.expect("text"));
    assert_eq!(body, "ready\n");
}

#[tokio::test]
async fn the_data_folder_is_private() {
    use std::os::unix::fs::PermissionsExt as _;

    let parent = tempfile::TempDir::new().expect("a folder");
    let data = parent.path().join("new/data");
    let server = TestServer::start_with(|config| config.data.clone_from(&data)).await;
    let mode = std::fs::metadata(&data).expect("a folder").permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    server.stop().await;
}
