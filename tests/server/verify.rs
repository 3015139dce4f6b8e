//! `teahouse verify` on a running server's folder, on a stopped one's, and on a backup.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use rusqlite::Connection;
use tempfile::TempDir;
use tokio::task::spawn_blocking;

use super::support::{PROGRAM, TestClient, TestServer, only_on_sqlite, with_timeout};

/// Runs a `teahouse` command. `arguments` end with a path.
async fn run(arguments: &[&str], path: &Path) -> Output {
    let mut program = Command::new(PROGRAM);
    program.args(arguments).arg(path);
    with_timeout("the command", spawn_blocking(move || program.output())).await.expect("no panic").expect("the program")
}

async fn server_with_messages() -> TestServer {
    let server = TestServer::start().await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let _ling = TestClient::guest(&server, "阿玲").await;
    let direct = ming.open_direct("阿玲").await.id;
    ming.send_message("hi").await;
    ming.send_message_to(direct, "in private").await;
    server
}

#[tokio::test]
async fn the_data_of_a_running_server_can_be_verified() {
    if only_on_sqlite("it verifies SQLite databases") {
        return;
    }
    let server = server_with_messages().await;
    let Output { status, stdout, stderr } = run(&["verify", "--data"], &server.config().data).await;
    assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
    assert!(String::from_utf8_lossy(&stdout).starts_with("nothing is wrong with"));
    assert!(stderr.is_empty(), "no progress bar without a terminal");
}

#[tokio::test]
async fn a_backup_can_be_verified_and_what_is_wrong_with_it_is_told() {
    if only_on_sqlite("it verifies SQLite databases") {
        return;
    }
    let server = server_with_messages().await;
    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("copy.db");
    let data = server.config().data.to_str().expect("a path").to_owned();
    assert!(run(&["backup", "--data", &data], &file).await.status.success());
    assert!(run(&["verify"], &file).await.status.success());

    let db = Connection::open(&file).expect("the backup");
    db.execute_batch("DELETE FROM members WHERE user = (SELECT number FROM users WHERE nickname = '阿玲')")
        .expect("damage");
    drop(db);
    let Output { status, stderr, .. } = run(&["verify"], &file).await;
    assert_eq!(status.code(), Some(1));
    let told = String::from_utf8_lossy(&stderr).into_owned();
    assert!(told.contains("member: ") && told.contains("2 things are wrong"), "{told}");
}

#[tokio::test]
async fn what_is_no_store_is_told() {
    if only_on_sqlite("it verifies SQLite databases") {
        return;
    }
    let folder = TempDir::new().expect("a folder");
    let Output { status, stderr, .. } = run(&["verify", "--data"], folder.path()).await;
    assert_eq!(status.code(), Some(1));
    assert!(String::from_utf8_lossy(&stderr).contains("there is no data in"));

    let file = folder.path().join("a letter");
    fs::write(&file, "Dear Ling, ".repeat(1_000)).expect("a file");
    let Output { status, stderr, .. } = run(&["verify"], &file).await;
    assert_eq!(status.code(), Some(1));
    assert!(String::from_utf8_lossy(&stderr).contains("cannot read the database"));
}
