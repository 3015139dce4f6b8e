//! Other users of the machine cannot read the data, whatever the umask is and whoever created the folder.

use std::{
    fs::{self, File, Permissions},
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Command, Stdio},
};

use tempfile::TempDir;

use super::support::{PROGRAM, TestClient, TestProcess, only_on_sqlite};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("a file").permissions().mode() & 0o777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("a mode");
}

/// Starts the program from a shell with umask 022, which makes new files readable by everybody.
async fn start_with_open_umask(data: &Path, log: &Path) -> TestProcess {
    let mut shell = Command::new("sh");
    shell.args(["-c", "umask 022; exec \"$0\" \"$@\"", PROGRAM]);
    shell.stderr(Stdio::from(File::options().create(true).append(true).open(log).expect("a log")));
    TestProcess::start_with_command(shell, data).await
}

/// Asserts that only the owner can access the files of the folder, and that the files `required` exist.
fn assert_private(data: &Path, required: &[&str]) {
    let mut names = Vec::new();
    for entry in fs::read_dir(data).expect("the data") {
        let path = entry.expect("an entry").path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
        names.push(path.file_name().expect("a name").to_string_lossy().into_owned());
    }
    for name in required {
        assert!(names.iter().any(|other| other == name), "{name} is missing from {names:?}");
    }
}

const FILES: [&str; 5] = ["teahouse.db", "teahouse.db-wal", "teahouse.db-shm", "teahouse.lock", "admin.sock"];

#[tokio::test]
async fn data_files_are_private_whatever_the_umask() {
    if only_on_sqlite("there are no files") {
        return;
    }
    let folder = TempDir::new().expect("a folder");
    let (data, log) = (folder.path().join("data"), folder.path().join("log"));
    fs::create_dir(&data).expect("a folder");
    set_mode(&data, 0o755);
    let process = start_with_open_umask(&data, &log).await;
    TestClient::guest_at_address(process.address, "小明").await.send_message("something").await;
    assert_private(&data, &FILES);
    assert_eq!(mode(&data), 0o755, "the mode of an existing folder is kept");
    let log_text = fs::read_to_string(&log).expect("a log");
    assert!(log_text.contains("WARN") && log_text.contains("its mode is 755"), "{log_text}");

    let copy = folder.path().join("copy.db");
    let backup = format!("umask 022; exec '{PROGRAM}' backup --data '{}' '{}'", data.display(), copy.display());
    assert!(Command::new("sh").args(["-c", &backup]).stdout(Stdio::null()).status().expect("a shell").success());
    assert_eq!(mode(&copy), 0o600);
    assert_private(&data, &FILES);
}

#[tokio::test]
async fn readable_data_files_become_private_at_the_start() {
    if only_on_sqlite("there are no files") {
        return;
    }
    let folder = TempDir::new().expect("a folder");
    let (data, log) = (folder.path().join("data"), folder.path().join("log"));
    let process = start_with_open_umask(&data, &log).await;
    assert_eq!(mode(&data), 0o700, "a new folder is private");
    TestClient::guest_at_address(process.address, "小明").await.send_message("something").await;
    process.signal("KILL");
    assert!(!process.exit().await.success());
    for name in &FILES[..4] {
        set_mode(&data.join(name), 0o644);
    }

    let process = start_with_open_umask(&data, &log).await;
    TestClient::guest_at_address(process.address, "阿玲").await.send_message("something").await;
    assert_private(&data, &FILES);
    let log_text = fs::read_to_string(&log).expect("a log");
    assert!(!log_text.contains("its mode is"), "unnecessary warning: {log_text}");
}
