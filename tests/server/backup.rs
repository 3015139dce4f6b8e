//! A backup is complete, and restoring it starts a new epoch.

use std::{
    collections::HashMap,
    fs,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Command, Output},
};

use teahouse::{domain::Seq, protocol::ServerFrame};
use tempfile::TempDir;
use tokio::task::spawn_blocking;

use super::support::{PROGRAM, TestClient, TestServer, only_on_sqlite, with_timeout};

/// Runs `teahouse backup` on a data folder.
async fn back_up(data: &Path, file: &Path) -> Output {
    let mut program = Command::new(PROGRAM);
    program.arg("backup").arg("--data").arg(data).arg(file);
    with_timeout("the backup", spawn_blocking(move || program.output())).await.expect("no panic").expect("the program")
}

#[tokio::test]
async fn clients_start_again_after_a_restore() {
    if only_on_sqlite("backups of PostgreSQL are its own tools'") {
        return;
    }
    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("a copy.db");
    let server = TestServer::start().await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let ling = TestClient::guest(&server, "阿玲").await;
    let direct = ming.open_direct("阿玲").await.id;
    ming.send_message_to(direct, "in private").await;
    ming.send_message("before").await;
    let backup = back_up(&server.config().data, &file).await;
    assert!(backup.status.success(), "{}", String::from_utf8_lossy(&backup.stderr));
    ming.send_message("lost with the disk").await;
    let cursors = HashMap::from([(ming.lobby().id, Seq(2))]);

    let server = server.restore_backup(&file).await;
    let mut back = TestClient::with_token(server.address, ling.token()).await;
    assert_eq!(back.lobby().last_seq, Seq(1));
    // Seq 2 now belongs to another event.
    back.send_message("instead of it").await;
    back.send_message_to(direct, "and here").await;
    let mut resumed = TestClient::resume(&server, ming.token(), ming.welcome.epoch, &cursors).await;
    assert_ne!(resumed.welcome.epoch, ming.welcome.epoch);
    let reset = ServerFrame::Reset { conversation: ming.lobby().id, last_seq: Seq(2) };
    assert_eq!(resumed.next().await, reset);

    // Restoring the same backup again starts yet another epoch.
    let server = server.restore_backup(&file).await;
    let back = TestClient::with_token(server.address, ling.token()).await;
    assert_ne!(back.welcome.epoch, resumed.welcome.epoch);
    let server = server.restart().await;
    assert_eq!(TestClient::with_token(server.address, ling.token()).await.welcome.epoch, back.welcome.epoch);
}

#[tokio::test]
async fn a_backup_is_private_and_leaves_no_other_file() {
    if only_on_sqlite("backups of PostgreSQL are its own tools'") {
        return;
    }
    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("copy.db");
    let server = TestServer::start().await;
    TestClient::guest(&server, "小明").await.send_message("kept").await;
    let data = server.config().data;
    assert!(back_up(&data, &file).await.status.success());
    assert_eq!(fs::metadata(&file).expect("a file").permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1);
}

#[tokio::test]
async fn a_backup_overwrites_nothing_and_needs_a_data_folder() {
    if only_on_sqlite("backups of PostgreSQL are its own tools'") {
        return;
    }
    let folder = TempDir::new().expect("a folder");
    let server = TestServer::start().await;
    let file = folder.path().join("copy.db");
    fs::write(&file, "something else").expect("a file");
    let nowhere = folder.path().join("no/such/folder.db");
    let empty = folder.path().join("empty");
    let data = server.config().data;
    for (data, file, expected) in [
        (&data, &file, "already exists"),
        (&data, &nowhere, "cannot write"),
        (&empty, &folder.path().join("new.db"), "there is no data in"),
    ] {
        let Output { status, stderr, .. } = back_up(data, file).await;
        assert_eq!(status.code(), Some(1));
        let message = String::from_utf8_lossy(&stderr);
        assert!(message.contains(expected), "{message}");
    }
    assert_eq!(fs::read_to_string(&file).expect("text"), "something else");
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1);
}
