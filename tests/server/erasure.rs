//! What was deleted, or edited away, is in no file of the data folder any more, a few seconds later.

use std::{fs, path::Path, time::Duration};

use serde_json::json;
use tempfile::TempDir;

use super::support::{TestClient, TestProcess, with_timeout};

const SECRET: &str = "wistful-porcelain-kettle";

/// The names of the files in which the text can be found.
fn files_with(text: &str, folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("the data") {
        let path = entry.expect("an entry").path();
        // The administrator's socket cannot be read, and a file may go while this looks.
        let Ok(bytes) = fs::read(&path) else { continue };
        if bytes.windows(text.len()).any(|window| window == text.as_bytes()) {
            found.push(path.file_name().expect("a name").to_string_lossy().into_owned());
        }
    }
    found
}

/// Waits until it is nowhere in the folder.
async fn expect_gone(text: &str, folder: &Path) {
    let gone = async {
        let mut look = tokio::time::interval(Duration::from_millis(50));
        while !files_with(text, folder).is_empty() {
            look.tick().await;
        }
    };
    with_timeout("a text to be gone from all files", gone).await;
}

/// Says something, and what surrounds it, so that it is not alone on its page.
async fn say_among_others(client: &mut TestClient, text: &str) -> teahouse::domain::Seq {
    for number in 0..10 {
        client.send_message(&format!("before {number}")).await;
    }
    let said = client.send_message(text).await.seq.expect("a place");
    for number in 0..10 {
        client.send_message(&format!("after {number}")).await;
    }
    said
}

#[tokio::test]
async fn a_deleted_text_leaves_all_files_while_the_server_runs() {
    let data = TempDir::new().expect("a folder");
    let process = TestProcess::start(data.path()).await;
    let mut ming = TestClient::guest_at_address(process.address, "小明").await;
    let lobby = ming.lobby().id;
    let said = say_among_others(&mut ming, SECRET).await;
    assert!(!files_with(SECRET, data.path()).is_empty(), "it can be found");
    ming.change("delete", lobby, said, json!({})).await;
    expect_gone(SECRET, data.path()).await;

    // In a talk of two as well.
    let _ling = TestClient::guest_at_address(process.address, "阿玲").await;
    let direct = ming.open_direct("阿玲").await.id;
    let said = ming.send_message_to(direct, SECRET).await.seq.expect("a place");
    ming.change("delete", direct, said, json!({})).await;
    expect_gone(SECRET, data.path()).await;
    process.signal("TERM");
    assert!(process.exit().await.success());
    assert_eq!(files_with(SECRET, data.path()), [""; 0]);
}

#[tokio::test]
async fn an_edited_text_leaves_all_files() {
    let data = TempDir::new().expect("a folder");
    let process = TestProcess::start(data.path()).await;
    let mut ming = TestClient::guest_at_address(process.address, "小明").await;
    let lobby = ming.lobby().id;
    let said = say_among_others(&mut ming, SECRET).await;
    ming.change("edit", lobby, said, json!({ "body": "nothing to see here" })).await;
    expect_gone(SECRET, data.path()).await;
    assert!(!files_with("nothing to see here", data.path()).is_empty());
}

#[tokio::test]
async fn a_text_deleted_last_leaves_all_files_at_a_clean_stop() {
    let data = TempDir::new().expect("a folder");
    let process = TestProcess::start(data.path()).await;
    let mut ming = TestClient::guest_at_address(process.address, "小明").await;
    let lobby = ming.lobby().id;
    let said = say_among_others(&mut ming, SECRET).await;
    ming.change("delete", lobby, said, json!({})).await;
    process.signal("TERM");
    assert!(process.exit().await.success());
    assert_eq!(files_with(SECRET, data.path()), [""; 0]);
    let log = fs::metadata(data.path().join("teahouse.db-wal")).map_or(0, |log| log.len());
    assert_eq!(log, 0, "everything is in the database");
}

#[tokio::test]
async fn a_text_deleted_before_a_kill_leaves_all_files_after_the_next_start() {
    let data = TempDir::new().expect("a folder");
    let process = TestProcess::start(data.path()).await;
    let mut ming = TestClient::guest_at_address(process.address, "小明").await;
    let lobby = ming.lobby().id;
    let said = say_among_others(&mut ming, SECRET).await;
    ming.change("delete", lobby, said, json!({})).await;
    process.signal("KILL");
    assert!(!process.exit().await.success());

    let process = TestProcess::start(data.path()).await;
    expect_gone(SECRET, data.path()).await;
    // Nothing else went with it.
    let newcomer = TestClient::guest_at_address(process.address, "new").await;
    assert_eq!(newcomer.lobby().last_seq.0, 22);
}
