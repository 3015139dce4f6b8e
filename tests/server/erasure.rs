//! A deleted text, with all its earlier versions, disappears from all files of the data folder within seconds.

use std::{fs, path::Path, time::Duration};

use serde_json::json;
use tempfile::TempDir;

use super::support::{TestClient, TestProcess, only_on_sqlite, with_timeout};

const SECRET: &str = "wistful-porcelain-kettle";

/// The names of the files in `folder` that contain `text`.
fn files_containing(text: &str, folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("the data") {
        let path = entry.expect("an entry").path();
        // The admin socket cannot be read, and a file may be removed in the meantime.
        let Ok(bytes) = fs::read(&path) else { continue };
        if bytes.windows(text.len()).any(|window| window == text.as_bytes()) {
            found.push(path.file_name().expect("a name").to_string_lossy().into_owned());
        }
    }
    found
}

/// Waits until no file in `folder` contains `text`.
async fn expect_gone(text: &str, folder: &Path) {
    let disappeared = async {
        let mut interval = tokio::time::interval(Duration::from_millis(50));
        while !files_containing(text, folder).is_empty() {
            interval.tick().await;
        }
    };
    with_timeout("the text to disappear from all files", disappeared).await;
}

/// Sends `text` between other messages, so that it shares its database page with them.
async fn send_among_others(client: &mut TestClient, text: &str) -> teahouse::domain::Seq {
    for number in 0..10 {
        client.send_message(&format!("before {number}")).await;
    }
    let seq = client.send_message(text).await.seq.expect("a seq");
    for number in 0..10 {
        client.send_message(&format!("after {number}")).await;
    }
    seq
}

#[tokio::test]
async fn a_deleted_text_leaves_all_files_while_the_server_runs() {
    if only_on_sqlite("PostgreSQL overwrites what is deleted when it likes") {
        return;
    }
    let data = TempDir::new().expect("a folder");
    let process = TestProcess::start(data.path()).await;
    let mut ming = TestClient::guest_at_address(process.address, "小明").await;
    let lobby = ming.lobby().id;
    let seq = send_among_others(&mut ming, SECRET).await;
    assert!(!files_containing(SECRET, data.path()).is_empty(), "the text is on the disk before the deletion");
    ming.change("delete", lobby, seq, json!({})).await;
    expect_gone(SECRET, data.path()).await;

    // The same in a direct.
    let _ling = TestClient::guest_at_address(process.address, "阿玲").await;
    let direct = ming.open_direct("阿玲").await.id;
    let seq = ming.send_message_to(direct, SECRET).await.seq.expect("a seq");
    ming.change("delete", direct, seq, json!({})).await;
    expect_gone(SECRET, data.path()).await;
    process.signal("TERM");
    assert!(process.exit().await.success());
    assert_eq!(files_containing(SECRET, data.path()), [""; 0]);
}

#[tokio::test]
async fn all_texts_of_an_edited_message_leave_all_files_with_its_deletion() {
    if only_on_sqlite("PostgreSQL overwrites what is deleted when it likes") {
        return;
    }
    let data = TempDir::new().expect("a folder");
    let process = TestProcess::start(data.path()).await;
    let mut ming = TestClient::guest_at_address(process.address, "小明").await;
    let lobby = ming.lobby().id;
    let seq = send_among_others(&mut ming, SECRET).await;
    let edited = format!("{SECRET}, once more");
    for text in [edited.as_str(), "nothing to see here"] {
        ming.change("edit", lobby, seq, json!({ "body": text })).await;
    }
    assert!(!files_containing(&edited, data.path()).is_empty(), "members can read the earlier texts");
    ming.change("delete", lobby, seq, json!({})).await;
    for text in [SECRET, "nothing to see here"] {
        expect_gone(text, data.path()).await;
    }
}

#[tokio::test]
async fn a_text_deleted_last_leaves_all_files_at_a_clean_stop() {
    if only_on_sqlite("PostgreSQL overwrites what is deleted when it likes") {
        return;
    }
    let data = TempDir::new().expect("a folder");
    let process = TestProcess::start(data.path()).await;
    let mut ming = TestClient::guest_at_address(process.address, "小明").await;
    let lobby = ming.lobby().id;
    let seq = send_among_others(&mut ming, SECRET).await;
    ming.change("delete", lobby, seq, json!({})).await;
    process.signal("TERM");
    assert!(process.exit().await.success());
    assert_eq!(files_containing(SECRET, data.path()), [""; 0]);
    let wal_bytes = fs::metadata(data.path().join("teahouse.db-wal")).map_or(0, |metadata| metadata.len());
    assert_eq!(wal_bytes, 0, "the write-ahead log is empty");
}

#[tokio::test]
async fn a_text_deleted_before_a_kill_leaves_all_files_after_the_next_start() {
    if only_on_sqlite("PostgreSQL overwrites what is deleted when it likes") {
        return;
    }
    let data = TempDir::new().expect("a folder");
    let process = TestProcess::start(data.path()).await;
    let mut ming = TestClient::guest_at_address(process.address, "小明").await;
    let lobby = ming.lobby().id;
    let seq = send_among_others(&mut ming, SECRET).await;
    ming.change("delete", lobby, seq, json!({})).await;
    process.signal("KILL");
    assert!(!process.exit().await.success());

    let process = TestProcess::start(data.path()).await;
    expect_gone(SECRET, data.path()).await;
    // All other events are still there.
    let newcomer = TestClient::guest_at_address(process.address, "new").await;
    assert_eq!(newcomer.lobby().last_seq.0, 22);
}
